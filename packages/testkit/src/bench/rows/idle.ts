import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { GATEWAY_ROLE } from '../../postgres/index.js';
import { must, nextLine } from '../../story/index.js';
import { absolute, OURS, type Row, rounded } from '../row.js';
import { flowsOf, pathOf, type Stand } from '../stand.js';
import { quantile } from '../stats.js';

/** Many flows, logged in and at rest, held by one client. */
class Held {
  readonly child: ChildProcess;
  text = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.text += String(chunk);
    });
  }

  static async open(stand: Stand, path: string, flows: number): Promise<Held> {
    const { node, packages } = stand.stage.world.programs;
    const target = { ...pathOf(stand, path), user: GATEWAY_ROLE, password: path === OURS ? '' : stand.password };
    const argv = [node, join(packages, 'testkit/dist/probe.js'), 'hold', JSON.stringify(target), String(flows)];
    const child = stand.laptop.spawn(argv);
    const held = new Held(child);
    await nextLine(child, 120_000);
    return held;
  }

  /** When each ended, and how. */
  ends(): { at: number; code: string }[] {
    return [...this.text.matchAll(/^ended (\d+) (\S+)$/gm)].map(([, at, code]) => ({
      at: Number(at),
      code: code ?? '',
    }));
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin?.end();
    await gone;
  }
}

const kilobytes = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Resident memory that each idle flow adds, ours and the bare pump's. */
export async function idle(stand: Stand): Promise<Row[]> {
  const { processes } = stand.stage.world;
  const flows = flowsOf(stand);
  const pump = await grown(stand, 'pump', [processes.pid('pump-client')!, processes.pid('pump-server')!]);
  const ours = await grown(stand, OURS, [stand.daemonPid, processes.pid('gateway')!]);
  return ['daemon', 'gateway'].map((end, at) =>
    absolute({
      name: `${flows} idle flows, ${end}`,
      value: ours[at]!,
      unit: 'KB each',
      target: at === 0 ? 115 : 200,
      peer: 'pump',
      paths: { pump: rounded(pump[at]!), [OURS]: rounded(ours[at]!) },
      measured: 'KB each',
    }),
  );
}

async function grown(stand: Stand, path: string, pids: readonly number[]): Promise<number[]> {
  const flows = flowsOf(stand);
  stand.tell(`${flows} idle flows, ${path}`);
  // What the first flows load and compile is not theirs.
  const first = await Held.open(stand, path, 20);
  const before = pids.map(kilobytes);
  const held = await Held.open(stand, path, flows);
  await after(1_000);
  const grew = pids.map((pid, at) => ((kilobytes(pid) - before[at]!) * 1.024) / flows);
  await held.close();
  await first.close();
  return grew;
}

/** One command ends all that a person has open; from the gateway's own entry of it until each client's socket has ended. */
export async function revocation(stand: Stand): Promise<Row[]> {
  const { company } = stand.stage.world;
  const flows = flowsOf(stand);
  stand.tell(`revocation of ${flows} flows`);
  const held = await Held.open(stand, OURS, flows);
  await must(company.gateway('users', 'disable', stand.laptop.person.email));
  for (const deadline = Date.now() + 10_000; held.ends().length < flows && Date.now() < deadline; ) await after(50);
  const from = company.record().findLast((line) => line.event === 'identity-disabled')?.at as number;
  const ends = held.ends();
  const told = ends.filter(({ code }) => code === '28000').length;
  await held.close();
  const left = flows - ends.length;
  const ms = ends.map(({ at }) => at - from);
  const note = `${left} left, ${told} told 28000, median ${quantile(ms, 0.5)} ms`;
  const value = left > 0 ? Number.POSITIVE_INFINITY : quantile(ms, 0.99);
  return [absolute({ name: `revoke ${flows} flows, p99`, value, unit: 'ms', target: 500, note })];
}
