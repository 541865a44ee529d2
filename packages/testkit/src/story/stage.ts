import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { CONNECTION, type Finished, found, type Laptop, type World } from '../world/index.js';

/** What the steps of the story share. */
export interface Stage {
  root: string;
  world: World;
  /** What the set-up had to leave out, one line each. */
  skipped: readonly string[];
}

/** One of `hoop ls --json`. */
export interface ListedConnection {
  name: string;
  hostname: string;
  protocol: string;
  address: string;
  port: number;
  reach: { address: string; port: number; byName: boolean };
  state: string;
  holder?: string;
}

/** A command that must end with `code`; its stdout. The message of the error is what it said on stderr. */
export async function must(run: Promise<Finished>, code = 0): Promise<Finished> {
  const done = await run;
  if (done.code === code) return done;
  const said = done.stderr.trim() || done.stdout.trim() || 'it said nothing';
  throw new Error(`exit ${done.code} instead of ${code}: ${said.slice(-400)}`);
}

export const json = async <T>(run: Promise<Finished>) => JSON.parse((await must(run)).stdout) as T;

export async function listed(laptop: Laptop, name = CONNECTION): Promise<ListedConnection> {
  const list = await json<ListedConnection[]>(laptop.hoop('ls', '--json'));
  const connection = list.find((each) => each.name === name);
  if (!connection) throw new Error(`hoop ls does not list ${name}: ${JSON.stringify(list)}`);
  return connection;
}

/** psql, or what stands in for it; `-X`-like by environment. VERBOSITY=verbose prints the SQLSTATE. */
export function sqlClient(stage: Stage, host: string, port: number, statement?: string): string[] {
  if (found('psql')) {
    const verbose = ['-v', 'VERBOSITY=verbose', '-v', 'ON_ERROR_STOP=1'];
    return [
      'psql',
      '-h',
      host,
      '-p',
      String(port),
      '-At',
      ...verbose,
      ...(statement === undefined ? [] : ['-c', statement]),
    ];
  }
  return standIn(stage, host, port, statement);
}

/** The driver `pg` as a program. */
export function standIn({ world }: Stage, host: string, port: number, statement?: string): string[] {
  const query = join(world.programs.packages, 'testkit/dist/query.js');
  return [world.programs.node, query, host, String(port), ...(statement === undefined ? [] : [statement])];
}

export const PSQL_MISSING = 'not installed; sudo apt install postgresql-client';

/** Resolves with the next line of a program's stdout. */
export function nextLine(child: ChildProcess, limit = 15_000): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let errors = '';
    const stop = () => {
      clearTimeout(timer);
      child.stdout?.off('data', see);
      child.stderr?.off('data', hear);
      child.off('close', ended);
    };
    const see = (chunk: Buffer | string) => {
      text += String(chunk);
      if (!text.includes('\n')) return;
      stop();
      resolve(text.slice(0, text.indexOf('\n')));
    };
    const hear = (chunk: Buffer | string) => {
      errors += String(chunk);
    };
    const ended = (code: number | null) => {
      stop();
      reject(new Error(`ended with ${code}: ${errors.trim()}`));
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`no line in ${limit / 1000} s: ${errors.trim()}`));
    }, limit);
    child.stdout?.on('data', see);
    child.stderr?.on('data', hear);
    child.once('close', ended);
  });
}
