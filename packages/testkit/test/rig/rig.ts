import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type Finished, finished, found } from '../../src/world/index.js';

export const ROOT = join(import.meta.dirname, '../../../..');
const SCRIPT = join(ROOT, 'packages/testkit/rig/laptop.sh');
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Why no laptop can be booted here; undefined if one can. */
export function rigMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'booting a laptop takes root';
  const missing = ['mmdebstrap', 'mksquashfs', 'systemd-nspawn', 'ip', 'nsenter', 'go', 'chromium'].filter(
    (tool) => !found(tool),
  );
  if (missing.length > 0) return `${missing.join(', ')}: not installed`;
  return existsSync(join(ROOT, 'packages/testkit/dist/company.js')) ? undefined : 'hoop is not built';
}

/** A laptop with systemd, a disk that outlives its reboots, and the network around it. */
export class Rig {
  readonly #script: ChildProcess;
  readonly #lines: Interface;
  readonly #said: AsyncIterator<string>;
  readonly #others: ChildProcess[] = [];
  #leader = 0;
  #laptop = '';
  #outside = '';

  private constructor() {
    this.#script = spawn(SCRIPT, ['--bind', ROOT, '--hold'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#script.stdout! });
    this.#said = this.#lines[Symbol.asyncIterator]();
  }

  static async boot(): Promise<Rig> {
    const rig = new Rig();
    await rig.#up();
    return rig;
  }

  /** A command on the laptop, as root. */
  in(...argv: string[]): Promise<Finished> {
    return finished(this.spawn(argv), 120_000);
  }

  spawn(argv: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    const clean = ['env', '-i', `PATH=${PATH}`, 'HOME=/root', 'LANG=C.UTF-8', 'TERM=dumb'];
    return spawn('nsenter', ['-t', String(this.#leader), '-a', '--wdns=/', ...clean, ...argv], {
      stdio: [stdin, 'pipe', 'pipe'],
    });
  }

  /** What a shell of root's says; throws if it fails. */
  async sh(script: string): Promise<string> {
    return said(await this.in('sh', '-c', script), script);
  }

  /** The same in a session of the person's; `env`: more lines of the environment. */
  async as(person: string, script: string, env: Record<string, string> = {}): Promise<Finished> {
    return finished(await this.started(person, script, env), 120_000);
  }

  /** The same, not waited for. */
  async started(
    person: string,
    script: string,
    env: Record<string, string> = {},
    stdin: 'ignore' | 'pipe' = 'ignore',
  ): Promise<ChildProcess> {
    const uid = (await this.sh(`id -u ${person}`)).trim();
    const session = {
      HOME: `/home/${person}`,
      USER: person,
      PATH,
      LANG: 'C.UTF-8',
      XDG_RUNTIME_DIR: `/run/user/${uid}`,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus`,
      ...env,
    };
    const variables = Object.entries(session).map(([name, value]) => `${name}=${value}`);
    const clean = ['env', '-i', `--chdir=/home/${person}`, ...variables];
    return this.spawn(['runuser', '-u', person, '--', ...clean, 'sh', '-c', script], stdin);
  }

  /** The same at a terminal of 80 columns (script(1)), where the person answers each question as it comes, by these keys. */
  async typed(person: string, command: string, answers: readonly (readonly [RegExp, string])[]): Promise<Finished> {
    const child = await this.started(person, `script -qefc 'stty cols 80; ${command}' /dev/null`, {}, 'pipe');
    const left = [...answers];
    let shown = '';
    child.stdout!.on('data', (text) => {
      shown += text;
      const [question, keys] = left[0] ?? [];
      if (question === undefined || !question.test(shown)) return;
      shown = '';
      left.shift();
      child.stdin!.write(keys);
    });
    return finished(child, 60_000);
  }

  /** A program of this machine's in the laptop's network (`localhost` is the laptop's), or outside it. */
  beside(where: 'laptop' | 'outside', argv: readonly string[]): ChildProcess {
    const net = where === 'laptop' ? this.#laptop : this.#outside;
    const child = spawn('nsenter', [`--net=/run/netns/${net}`, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#others.push(child);
    return child;
  }

  reboot = () => this.#ask('reboot', () => this.#up());
  crash = () => this.#ask('crash', () => this.#up());
  link = (how: 'up' | 'down') => this.#ask(`link ${how}`, () => this.#said.next());

  /** Ends what was started beside it, then the laptop. */
  async end(): Promise<void> {
    for (const child of this.#others) {
      const ended = closed(child);
      child.stdin?.end();
      await ended;
    }
    const ended = closed(this.#script);
    this.#script.stdin?.end();
    await ended;
    this.#lines.close();
  }

  /** Milliseconds. */
  async #ask(line: string, answered: () => Promise<unknown>): Promise<number> {
    const from = performance.now();
    this.#script.stdin?.write(`${line}\n`);
    await answered();
    return performance.now() - from;
  }

  async #up(): Promise<void> {
    const { value, done } = await this.#said.next();
    const [up, leader, laptop = '', outside = ''] = String(value).split(' ');
    if (done || up !== 'up') throw new Error('the laptop did not boot');
    this.#leader = Number(leader);
    this.#laptop = laptop;
    this.#outside = outside;
  }
}

const closed = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('close', () => resolve());
  });

export function terminated(child: ChildProcess): Promise<void> {
  const ended = closed(child);
  child.kill('SIGTERM');
  return ended;
}

export function said(done: Finished, what: string): string {
  if (done.code === 0) return done.stdout;
  throw new Error(`${what.slice(0, 200)} ended with ${done.code}: ${(done.stderr || done.stdout).slice(-800)}`);
}
