import type { Action, Actor, Entry, Note, Outcome, Output, Verdict } from '@hoop/core';
import { WITHDRAWN } from '@hoop/core';
import type { Durability, Judge, Recorder, RecordLine } from './ports.js';

/** All that a flow asks of the controls; it never learns which of them exist (design §4). */
export interface Controls {
  /** Aborting the signal withdraws an action that is still held: it is denied, and on record as that. */
  judge(action: Action, signal: AbortSignal): Verdict | Promise<Verdict>;
  reveal(output: Output, statement: number): Output | Promise<Output>;
  note(entry: Entry): void;
  close(outcome: Outcome): Promise<void>;
}

export interface ControlsOptions {
  session: string;
  recorder: Recorder;
  durability: Durability;
  /** What decides, in this order; the first denial stands. */
  judges?: readonly Judge[] | undefined;
  /** Tells the person behind the client; by default nobody is there. */
  say?: ((note: Note) => void) | undefined;
  /** Keep the outputs too (`record: output`), as they were shown. */
  recordsOutput: boolean;
}

/**
 * The one fixed order, for every protocol: window → guardrails → review → written record → answer, and for what comes
 * back: mask → record of what was shown → answer. Of these the record exists. Each control is a step of these two
 * functions, read top to bottom; there is no other place where one could run.
 */
export function controlsFor(options: ControlsOptions): Controls {
  const { session, recorder, durability, recordsOutput } = options;
  let count = 0;

  function judge(action: Action, signal: AbortSignal): Verdict | Promise<Verdict> {
    count += 1;
    const number = count;
    if (options.judges === undefined) return write(action, number, ALLOWED);
    return decide(options, action, signal).then((verdict) => write(action, number, verdict));
  }

  /** The verdict, once it is on record; at once where the record is. */
  function write(action: Action, number: number, verdict: Verdict): Verdict | Promise<Verdict> {
    try {
      const kept = recorder.append(intentOf(session, number, action, verdict), safetyOf(action, durability));
      if (kept === undefined) return verdict;
      return kept.then(
        () => verdict,
        () => NOT_RECORDED,
      );
    } catch {
      return NOT_RECORDED;
    }
  }

  function reveal(output: Output, statement: number): Output {
    if (recordsOutput) recorder.tell({ kind: 'entry', session, entry: { kind: 'output', statement, output } });
    return output;
  }

  return {
    judge,
    reveal,
    note: (entry) => recorder.tell({ kind: 'entry', session, entry }),
    close: async (outcome) => recorder.tell({ kind: 'end', session, outcome }),
  };
}

/** Asks one after the other, until one denies; their notes come together. */
async function decide(
  { judges = [], say = () => {} }: ControlsOptions,
  action: Action,
  signal: AbortSignal,
): Promise<Verdict> {
  const notices: Note[] = [];
  let as: Actor | undefined;
  for (const judge of judges) {
    const answer = judge(action, signal, say);
    const verdict = answer instanceof Promise ? await unlessWithdrawn(answer, signal) : answer;
    notices.push(...(verdict.notices ?? []));
    if (!verdict.allow) return { ...verdict, notices };
    as = verdict.as ?? as;
  }
  return { allow: true, notices, as };
}

/** Whoever decides need not mind the signal: the action is let go of all the same. */
function unlessWithdrawn(answer: Promise<Verdict>, signal: AbortSignal): Promise<Verdict> {
  if (signal.aborted) return Promise.resolve(GONE);
  return new Promise((resolve, reject) => {
    const withdrawn = () => resolve(GONE);
    signal.addEventListener('abort', withdrawn, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', withdrawn));
  });
}

/**
 * `writes`: what only reads need not wait for the disk; all else, and what cannot be told, does. A SELECT that names no function
 * counts as one that reads: should it write by a view's, its intent still survives kill -9 of the gateway, and reaches
 * the disk within 50 ms. Who cannot have that sets `all`.
 */
function safetyOf(action: Action, durability: Durability): 'process' | 'disk' {
  if (durability === 'all' || action.kind !== 'statement') return 'disk';
  return action.class === 'read' || action.form === 'plain-select' ? 'process' : 'disk';
}

/** The line that must be on record before a byte goes on. */
function intentOf(session: string, number: number, action: Action, verdict: Verdict): RecordLine {
  return verdict.allow
    ? { kind: 'intent', session, number, action, verdict: 'allow' }
    : { kind: 'intent', session, number, action, verdict: 'deny', rule: verdict.rule };
}

const ALLOWED: Verdict = { allow: true };
const GONE: Verdict = { allow: false, rule: WITHDRAWN, reason: 'canceled before it was allowed to run' };
const HINT = 'Nothing was run. Ask the operator of the gateway to look at its recordings.';
const NOT_RECORDED: Verdict = {
  allow: false,
  rule: 'record-failed',
  reason: 'This could not be recorded, so it may not run.',
  hint: HINT,
};
