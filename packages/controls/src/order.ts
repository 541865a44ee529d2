import type { Action, Entry, Note, Outcome, Output, Verdict } from '@hoop/core';
import { WITHDRAWN } from '@hoop/core';
import type { Masks } from './masks/masks.js';
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
  /** What may not run, by what it does; absent where nothing is guarded. */
  guardrails?: ((action: Action) => Verdict) | undefined;
  /** Who is asked besides, in this order; the first denial stands. */
  judges?: readonly Judge[] | undefined;
  /** What this person may not see here; absent where that is nothing. */
  masks?: Masks | undefined;
  /** Tells the person behind the client; by default nobody is there. */
  say?: ((note: Note) => void) | undefined;
  /** Keep the outputs too (`record: output`), as they were shown. */
  recordsOutput: boolean;
}

/**
 * The one fixed order, for every protocol: window → guardrails → review → written record → answer, and for what comes
 * back: mask → record of what was shown → answer. What would find out a masked value is denied before a review is asked for.
 * Each control is a step of these two functions, read top to bottom; there is no other place where one could run.
 */
export function controlsFor(options: ControlsOptions): Controls {
  const { session, recorder, durability, recordsOutput, masks } = options;
  let count = 0;

  function judge(action: Action, signal: AbortSignal): Verdict | Promise<Verdict> {
    count += 1;
    const number = count;
    const decision = decide(options, action, signal);
    if (decision instanceof Promise) return decision.then((verdict) => write(action, number, verdict));
    return write(action, number, decision);
  }

  /** The verdict, once it is on record; at once where the record is. */
  function write(action: Action, number: number, verdict: Verdict): Verdict | Promise<Verdict> {
    const asked = masks?.redacted(action) ?? action;
    const treated = masks === undefined || !verdict.allow ? verdict : { ...verdict, ...masks.treats(action) };
    if (verdict.allow) masks?.begun(action, number);
    const safety = safetyOf(action, durability);
    if (asked instanceof Promise) return asked.then((one) => append(one, number, treated, safety));
    return append(asked, number, treated, safety);
  }

  function append(
    asked: Action,
    number: number,
    treated: Verdict,
    safety: 'process' | 'disk',
  ): Verdict | Promise<Verdict> {
    try {
      const kept = recorder.append(intentOf(session, number, asked, treated), safety);
      if (kept === undefined) return treated;
      return kept.then(
        () => treated,
        () => NOT_RECORDED,
      );
    } catch {
      return NOT_RECORDED;
    }
  }

  function reveal(output: Output, statement: number): Output | Promise<Output> {
    const shown = masks?.reveal(output, statement) ?? output;
    return shown instanceof Promise ? shown.then((one) => kept(one, statement)) : kept(shown, statement);
  }

  function kept(output: Output, statement: number): Output {
    if (recordsOutput && statement > 0) entry({ kind: 'output', statement, output });
    return output;
  }

  function note(what: Entry): void {
    if (what.kind === 'finished')
      for (const masked of masks?.told(what.statement, what.error !== undefined) ?? []) entry(masked);
    entry(what);
  }

  const entry = (what: Entry) => recorder.tell({ kind: 'entry', session, entry: what });

  return { judge, reveal, note, close: async (outcome) => recorder.tell({ kind: 'end', session, outcome }) };
}

/** Guardrails, then what would find out a masked value, then who is asked; the first denial stands. */
function decide(options: ControlsOptions, action: Action, signal: AbortSignal): Decision {
  const guarded = options.guardrails?.(action) ?? ALLOWED;
  if (!guarded.allow) return guarded;
  const masked = options.masks?.judge(action);
  return masked === undefined ? ask(options, action, signal, 0, guarded) : joined(guarded, masked);
}

/** Asks one after the other; what they say of the action comes together. Sync while they are. */
function ask(options: ControlsOptions, action: Action, signal: AbortSignal, at: number, so: Allowed): Decision {
  const { judges = [], say = () => {} } = options;
  const judge = judges[at];
  if (judge === undefined) return so;
  const next = (verdict: Verdict): Decision => {
    const both = joined(so, verdict);
    return both.allow ? ask(options, action, signal, at + 1, both) : both;
  };
  const answer = judge(action, signal, say);
  return answer instanceof Promise ? unlessWithdrawn(answer, signal).then(next) : next(answer);
}

type Allowed = Verdict & { allow: true };
type Decision = Verdict | Promise<Verdict>;

/** A verdict behind those that allowed before it. */
function joined(so: Allowed, verdict: Verdict): Verdict {
  if (so.notices === undefined && so.matched === undefined && so.as === undefined) return verdict;
  const notices = [...(so.notices ?? []), ...(verdict.notices ?? [])];
  if (!verdict.allow) return { ...verdict, notices };
  const matched = [...(so.matched ?? []), ...(verdict.matched ?? [])];
  return { ...so, ...verdict, notices, ...(matched.length > 0 && { matched }), as: verdict.as ?? so.as };
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
  const asked = { kind: 'intent', session, number, action: unread(action) } as const;
  if (!verdict.allow) return { ...asked, verdict: 'deny', rule: verdict.rule };
  return { ...asked, verdict: 'allow', ...(verdict.matched && { matched: verdict.matched }) };
}

/** What was asked, without what was found of it: that can be found again. */
function unread(action: Action): Action {
  if (action.kind !== 'statement' || action.readings === undefined) return action;
  const { readings: _, ...asked } = action;
  return asked;
}

const ALLOWED: Allowed = { allow: true };
const GONE: Verdict = { allow: false, rule: WITHDRAWN, reason: 'canceled before it was allowed to run' };
const HINT = 'Nothing was run. Ask the operator of the gateway to look at its recordings.';
const NOT_RECORDED: Verdict = {
  allow: false,
  rule: 'record-failed',
  reason: 'This could not be recorded, so it may not run.',
  hint: HINT,
};
