import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A folder that other users may pass; whoever asked removes it. */
export function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hoop-built-'));
  chmodSync(folder, 0o755);
  return folder;
}

/** What git would take of this checkout, in another folder: a second one, built without anything of the first. */
export function secondCheckout(folder: string): void {
  const listed = execFileSync('git', ['-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const path of listed.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path));
  }
}

/** The time that builds to be compared bear. */
export const EPOCH = '1750000000';

/** Runs `installers/build` of a checkout; answers what it wrote, by name, with the SHA-256 of each. */
export async function build(checkout: string, out: string, ...kinds: string[]): Promise<Map<string, string>> {
  const env = { ...process.env, SOURCE_DATE_EPOCH: EPOCH };
  await run(join(checkout, 'installers/build'), ['--out', out, ...kinds], env);
  const lines = readFileSync(join(out, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

/** Runs a command and answers its stdout; rejects with all it said when it fails. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${command} ended with ${code}\n${all}`)),
    );
  });
}

/** Runs one of the scripts beside this file on a bare Debian that has `folder` as /deb, and what `name` depends on; answers what it saw. */
export async function onBareDebian(folder: string, name: string, script: string): Promise<string[]> {
  const text = readFileSync(join(import.meta.dirname, script), 'utf8');
  return (await run(join(import.meta.dirname, 'bare.sh'), [folder, name, 'bash', '-c', text])).trimEnd().split('\n');
}

/** Runs one of them on a Debian with systemd (testkit's rig); `folder` is its first argument. */
export async function onLaptop(folder: string, script: string): Promise<string[]> {
  const rig = join(ROOT, 'packages/testkit/rig/laptop.sh');
  const binds = [folder, import.meta.dirname].flatMap((path) => ['--bind', path]);
  const said = await run(rig, [...binds, '--', 'bash', join(import.meta.dirname, script), folder]);
  return said.trimEnd().split('\n');
}
