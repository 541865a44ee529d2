import type { Answer, Script, Side, Signal } from '@hoop/core';
import { Chunks } from './chunks.js';
import type { Verdicts } from './verdicts.js';

/** One script of an engine, with what its side has said and the script has not read. */
export class Lane {
  readonly side: Side;
  readonly script: Script;
  readonly chunks = new Chunks();
  /**
   * `runnable`: to be resumed with `answer` · `reading`: wants a chunk and none is there · `paused`: waits for room, a
   * verdict, a signal · `done`.
   */
  state: 'runnable' | 'reading' | 'paused' | 'done' = 'runnable';
  answer: Answer;
  /** The side that must have room again before the script goes on. */
  needsRoomAt: Side | undefined;
  /** What the script hears while it reads. */
  hears: Signal | undefined;
  /** Called by that; made once, not for each read. */
  heard: () => void = () => {};
  /** What `judge-all` has asked for, and the script has not got. */
  verdicts: Verdicts | undefined;
  /** The side has ended its direction. */
  ended = false;
  /** Length of the chunk that the script is at work on; 0 if none. */
  taken = 0;
  /** That chunk never waited, neither before the script nor in it. */
  keptUp = true;

  constructor(side: Side, script: Script) {
    this.side = side;
    this.script = script;
  }

  /** Hands a chunk to the script that reads. */
  give(chunk: Uint8Array, keptUp: boolean): void {
    this.answer = chunk;
    this.taken = chunk.length;
    this.keptUp = keptUp;
    this.state = 'runnable';
  }

  pause(): void {
    this.state = 'paused';
    this.keptUp = false;
  }
}
