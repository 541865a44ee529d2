import type { Action, ClientProgram, Entry, Identity, Matched, Note, Outcome, Verdict } from '@hoop/core';

/**
 * A control that decides on actions: a guardrail, a review. Slow is as good as fast; meanwhile it may `say` what it waits
 * for. Aborted, nobody waits any more for what it decides. One that throws or rejects ends the flow.
 */
export type Judge = (action: Action, signal: AbortSignal, say: (note: Note) => void) => Verdict | Promise<Verdict>;

/** What the controls need of the world; the gateway supplies it. */
export interface Recorder {
  /**
   * Appends to the record. Resolves when the line is as safe as `durability` asks: `process` survives kill -9 of the
   * gateway, `disk` a power cut; `undefined` if it is already. Rejects if it cannot be kept: then nothing may be
   * forwarded.
   */
  append(line: RecordLine, durability: 'process' | 'disk'): Promise<void> | undefined;
  /** Appends what only tells how something went. Never waited for; kept in the order of the calls, after what came before. */
  tell(line: RecordLine): void;
}

/** A line of a session's record. `session` is the id the person sees. */
export type RecordLine =
  | {
      kind: 'session';
      session: string;
      who: Identity;
      connection: string;
      protocol: string;
      program?: ClientProgram | undefined;
    }
  | {
      kind: 'intent';
      session: string;
      /** Counts from 1 in each session; later lines refer to it. */
      number: number;
      action: Action;
      verdict: 'allow' | 'deny';
      rule?: string | undefined;
      /** Guardrails that held and let it through. */
      matched?: readonly Matched[] | undefined;
    }
  | { kind: 'entry'; session: string; entry: Entry }
  | { kind: 'end'; session: string; outcome: Outcome };

/** `writes`: what may write, is held or is unknown waits for the disk; `all`: everything does. */
export type Durability = 'writes' | 'all';
