import { HoopError, UserError } from '@hoop/core';
import { applyStep, type Hands, undoAll } from './apply.js';
import { Journal, rootsGround } from './journal.js';
import { digestOf, type StepName } from './plan.js';
import { machineFor, planSetup } from './plans.js';
import { readRequest } from './request.js';
import { runSystem } from './system.js';

/**
 * The part of `hoop setup` that is root, a program of its own: it makes the same plan from its own look at the machine,
 * and does it only if it is the one that was shown. It reads no network, no files of the person's, and of their input
 * only a request, whose every field has a shape.
 *
 *     apply DIGEST REQUEST        undo [STEP]
 *
 * Each line of stdout is an `Event` in JSON.
 */
export type Event =
  | { event: 'does'; step: StepName | undefined; what: string }
  | { event: 'done'; step: StepName }
  | { event: 'failed'; step?: StepName; code: string; message: string; hint?: string | undefined }
  | { event: 'undone'; entries: number };

export function runRoot(args: readonly string[], say: (event: Event) => void): number {
  try {
    const [verb, ...rest] = args;
    if (process.getuid?.() !== 0) throw new UserError('root', 'this part of hoop setup is for root');
    process.umask(0o022);
    if (verb === 'undo') return undo(rest[0] as StepName | undefined, say);
    if (verb === 'apply') return apply(rest[0] ?? '', rest[1] ?? '', say);
    throw new UserError('usage', 'apply DIGEST REQUEST, or undo [STEP]');
  } catch (cause) {
    say({ event: 'failed', ...toldOf(cause) });
    return 1;
  }
}

function apply(digest: string, text: string, say: (event: Event) => void): number {
  const request = readRequest(text);
  const asking = Number(process.env.SUDO_UID ?? request.uid);
  if (asking !== 0 && asking !== request.uid) throw new UserError('root', 'a person sets up hoop for themselves only');
  const machine = machineFor(request.uid);
  const plans = planSetup(machine, request);
  if (digestOf(plans) !== digest)
    throw new UserError('setup-changed', 'the machine changed since the plan was made; nothing was done', {
      hint: 'hoop setup again',
    });
  const journal = Journal.open(rootsGround(machine.platform), request.uid);
  let code = 0;
  for (const plan of plans) {
    if (!plan.can || plan.actions.length === 0) continue;
    const { step } = plan;
    try {
      applyStep(plan, journal, hands(step, say));
      say({ event: 'done', step });
    } catch (cause) {
      say({ event: 'failed', step, ...toldOf(cause) });
      code = 1;
    }
  }
  return code;
}

function undo(step: StepName | undefined, say: (event: Event) => void): number {
  const ground = rootsGround(process.platform);
  const journal = Journal.find(ground);
  const entries = (journal?.entries ?? []).filter((entry) => step === undefined || entry.step === step);
  const failed = journal === undefined ? [] : undoAll(entries, journal, hands(undefined, say));
  Journal.sweep(ground);
  for (const message of failed) say({ event: 'failed', code: 'setup-undo', message, hint: 'hoop setup --undo again' });
  say({ event: 'undone', entries: entries.length - failed.length });
  return failed.length === 0 ? 0 : 1;
}

const hands = (step: StepName | undefined, say: (event: Event) => void): Hands => ({
  run: runSystem,
  show: (what) => say({ event: 'does', step, what }),
});

function toldOf(cause: unknown): { code: string; message: string; hint?: string | undefined } {
  if (cause instanceof HoopError) return { code: cause.code, message: cause.message, hint: cause.hint };
  return { code: 'internal', message: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
}
