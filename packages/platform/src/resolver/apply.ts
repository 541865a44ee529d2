import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HoopError, UserError } from '@hoop/core';
import type { Environment } from '../environment.js';
import { ownFolder, readOwn, replaceOwn } from '../paths/apply.js';
import { type Finished, runShort } from '../process/index.js';
import { LINK, type ResolverFacts, type ResolverPlan, type Step } from './plan.js';

export type Run = (command: string, args: readonly string[]) => Finished;

/** Root's commands come from the system's folders, whatever PATH the caller has. */
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const systemRun: Run = (command, args) => runShort(command, args, { variables: { PATH: SYSTEM_PATH } });

export function resolverFacts(machine: Environment, run: Run = systemRun): ResolverFacts {
  const linux = machine.platform === 'linux';
  const ends = (command: string, ...args: string[]) => linux && run(command, args).code === 0;
  return {
    platform: machine.platform,
    uid: machine.uid,
    resolved: ends('resolvectl', 'status'),
    resolvedIsAsked: linux && (stubbed(text('/etc/resolv.conf')) || asksResolve(text('/etc/nsswitch.conf'))),
    linkExists: ends('ip', 'link', 'show', LINK),
    ip: ends('ip', '-V'),
  };
}

/** systemd-resolved(8): its stubs listen on these two. */
const stubbed = (resolvConf: string) => /^\s*nameserver\s+127\.0\.0\.5[34]\b/m.test(resolvConf);
const asksResolve = (nsswitch: string) => /^\s*hosts:.*\bresolve\b/m.test(nsswitch);

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const journalIn = (folder: string) => join(folder, 'resolver.json');

/**
 * Does what the plan says. How to undo it is on disk, in `folder` (root's, 0700), before the first step; a step that fails
 * undoes those before it. `show` is told each command before it runs.
 */
export function applyResolver(
  plan: ResolverPlan,
  folder: string,
  show: (step: Step) => void,
  run: Run = systemRun,
): void {
  if (!plan.can) throw new UserError('resolver', plan.why, { hint: plan.hint });
  ownFolder(folder, 0);
  replaceOwn(journalIn(folder), `${JSON.stringify({ version: 1, undo: plan.undo })}\n`);
  for (const step of plan.steps) {
    show(step);
    const [command, ...args] = step;
    const done = run(command, args);
    if (done.code === 0) continue;
    undoResolver(folder, show, run);
    const said = done.stderr.trim().split('\n')[0] ?? '';
    throw new HoopError('resolver', `\`${step.join(' ')}\` failed: ${said.slice(0, 200)}; all was undone`);
  }
}

/**
 * Undoes what the journal in `folder` says was done; false if there is none. What is gone already (a link does not survive
 * a restart) is no failure.
 */
export function undoResolver(folder: string, show: (step: Step) => void, run: Run = systemRun): boolean {
  const journal = readOwn(journalIn(folder), 0);
  if (journal === undefined) return false;
  for (const step of stepsOf(journal)) {
    show(step);
    const [command, ...args] = step;
    run(command, args);
  }
  rmSync(journalIn(folder), { force: true });
  return true;
}

/** Only steps that this program could have written: a journal is no way to run anything else as root. */
function stepsOf(journal: string): Step[] {
  const removal = JSON.stringify(['ip', 'link', 'del', LINK]);
  try {
    const { undo } = JSON.parse(journal) as { undo: Step[] };
    return undo.filter((step) => JSON.stringify(step) === removal);
  } catch {
    return [['ip', 'link', 'del', LINK]];
  }
}
