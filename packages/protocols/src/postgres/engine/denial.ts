import { type Verdict, WITHDRAWN } from '@hoop/core';
import { describePortal, EXECUTE_NOTHING, errorResponse, SYNC } from '../codec/build.js';
import { replaceBytes, slice } from '../codec/pieces.js';
import type { Failure } from '../sql/context.js';
import { type Expects, Pending } from './ledger.js';
import type { Portal } from './names.js';

/** A message that is not forwarded before something is decided about it; `from` and `to` lie in the chunk's output. */
export interface Held {
  pending: Pending;
  from: number;
  to: number;
  /** Extended messages stand between the last Sync and this one. */
  inPipeline: boolean;
  /** The controls have spoken, or need not be asked. */
  decided: boolean;
  /** What the client is told in its place; undefined while it may pass. */
  denial: Uint8Array | undefined;
  /** What we have to know before its rows come: asked right before it, and answered to nobody else. */
  question: Question | undefined;
}

/** A question of ours: the message, and what the server will owe for it. */
export interface Question {
  bytes: Uint8Array;
  pending: Pending;
}

/** What a chunk sends on. */
export interface Part {
  pieces: Uint8Array[];
  pending: Pending[];
  held: Held[];
}

/** Asks for the columns of a portal that the client runs without asking for them. */
export function askColumns(name: string, portal: Portal): Question {
  const pending = new Pending('gateway', 'describe');
  pending.kind = 'portal';
  pending.portal = portal;
  return { bytes: describePortal(name), pending };
}

/**
 * The denial of a verdict, as the server's ErrorResponse would have it. What the server would not even begin is answered in its
 * words: nothing of it is sent, so nothing can have come about meanwhile that it would find.
 */
export function denialOf(verdict: Verdict & { allow: false }, failure?: Failure): Uint8Array {
  if (verdict.rule === WITHDRAWN) return CANCELLED;
  if (failure !== undefined && verdict.unread === true) {
    const { code, message, at } = failure;
    return errorResponse({ severity: 'ERROR', code, message, ...(at !== undefined && { position: at + 1 }) });
  }
  const code = verdict.rule === 'record-failed' ? '58030' : '42501';
  return errorResponse({ severity: 'ERROR', code, message: verdict.reason, hint: verdict.hint });
}

/** As PostgreSQL has it for what a CancelRequest stops. */
const CANCELLED: Uint8Array = errorResponse({
  severity: 'ERROR',
  code: '57014',
  message: 'canceling statement due to user request',
});

/** For an approval that is good under another role only: nothing here can lend one. */
export const ACTOR_DENIED: Uint8Array = errorResponse({
  severity: 'ERROR',
  code: '42501',
  message: 'this may run under another role only, which this connection cannot lend',
});

/** For a FunctionCall of anything but large objects. */
export const FUNCTION_CALL_DENIED: Uint8Array = errorResponse({
  severity: 'ERROR',
  code: '0A000',
  message: 'FunctionCall is available for large objects only',
  hint: 'Call the function in a SELECT.',
});

/** A function that the named one calls could FETCH from the other by its empty name, which nobody has judged. */
export const PORTAL_WAITS: Uint8Array = errorResponse({
  severity: 'ERROR',
  code: '0A000',
  message: 'a named portal cannot be executed before the unnamed one that is bound',
  hint: 'Execute the unnamed portal first, or close it.',
});

/** What the server answers, even where it fails, with a ReadyForQuery of its own. */
export const answersReady = (expects: Expects): boolean => expects === 'query' || expects === 'function';

/**
 * Takes the denied messages out of what is forwarded, and puts our questions in. In place of each denied one goes an
 * Execute of a portal that does not exist (design §4, rule 4), with a Sync where the message would have been answered by
 * ReadyForQuery; so the transaction fails, the server skips to Sync, and the status byte is its own.
 */
export function substitute({ pieces, pending, held }: Part): Omit<Part, 'held'> {
  let bytes = pieces;
  const stands = new Map<Pending, Pending[]>();
  for (const one of held.toReversed()) {
    if (one.denial !== undefined) {
      const ready = answersReady(one.pending.expects);
      bytes = replaceBytes(bytes, one.from, one.to, ready ? [EXECUTE_NOTHING, SYNC] : [EXECUTE_NOTHING]);
      const error = new Pending('gateway', 'execute');
      error.substitute = one.denial;
      stands.set(one.pending, ready ? [error, new Pending('gateway', 'sync')] : [error]);
    } else if (one.question !== undefined) {
      bytes = replaceBytes(bytes, one.from, one.from, [one.question.bytes]);
      one.question.pending.askedFor = one.pending;
      stands.set(one.pending, [one.question.pending, one.pending]);
    }
  }
  if (stands.size === 0) return { pieces, pending };
  return { pieces: bytes, pending: pending.flatMap((one) => stands.get(one) ?? [one]) };
}

/** What stands before a held message, and the rest from there on. */
export function splitBefore({ pieces, pending, held }: Part, one: Held): [Part, Part] {
  const { from } = one;
  const [index, at] = [held.indexOf(one), pending.indexOf(one.pending)];
  const later = held.slice(index);
  moveBack(later, from);
  return [
    { pieces: slice(pieces, 0, from), pending: pending.slice(0, at), held: held.slice(0, index) },
    { pieces: slice(pieces, from, Number.POSITIVE_INFINITY), pending: pending.slice(at), held: later },
  ];
}

/** A part without its first message, a held one. */
export function withoutFirst({ pieces, pending, held }: Part): Part {
  const [first, ...later] = held as [Held, ...Held[]];
  moveBack(later, first.to);
  return { pieces: slice(pieces, first.to, Number.POSITIVE_INFINITY), pending: pending.slice(1), held: later };
}

function moveBack(held: readonly Held[], by: number): void {
  for (const one of held) {
    one.from -= by;
    one.to -= by;
  }
}
