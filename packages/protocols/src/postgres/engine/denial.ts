import type { Verdict } from '@hoop/core';
import { EXECUTE_NOTHING, errorResponse, SYNC } from '../codec/build.js';
import { replaceBytes } from '../codec/pieces.js';
import { type Expects, Pending } from './ledger.js';

/** A message that is not forwarded before something is decided about it; `from` and `to` lie in the chunk's output. */
export interface Held {
  pending: Pending;
  from: number;
  to: number;
  /** A Query or FunctionCall behind extended messages without a Sync between: what no client's library does. */
  unsynced: boolean;
  /** What the client is told in its place; undefined while it may pass. */
  denial: Uint8Array | undefined;
}

/** The denial of a verdict, as the server's ErrorResponse would have it. */
export function denialOf(verdict: Verdict & { allow: false }): Uint8Array {
  const code = verdict.rule === 'record-failed' ? '58030' : '42501';
  return errorResponse({ severity: 'ERROR', code, message: verdict.reason, hint: verdict.hint });
}

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
 * Takes the denied messages out of what is forwarded. In place of each goes an Execute of a portal that does not exist
 * (design §4, rule 4), with a Sync where the message would have been answered by ReadyForQuery; so the transaction
 * fails, the server skips to Sync, and the status byte is its own.
 */
export function substitute(
  pieces: readonly Uint8Array[],
  pending: readonly Pending[],
  denied: readonly Held[],
): { pieces: Uint8Array[]; pending: Pending[] } {
  let bytes = [...pieces];
  const stands = new Map<Pending, Pending[]>();
  for (const { pending: one, from, to, denial } of denied.toReversed()) {
    const ready = answersReady(one.expects);
    bytes = replaceBytes(bytes, from, to, ready ? [EXECUTE_NOTHING, SYNC] : [EXECUTE_NOTHING]);
    const error = new Pending('gateway', 'execute');
    error.substitute = denial;
    stands.set(one, ready ? [error, new Pending('gateway', 'sync')] : [error]);
  }
  return { pieces: bytes, pending: pending.flatMap((one) => stands.get(one) ?? [one]) };
}
