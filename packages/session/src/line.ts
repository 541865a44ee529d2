import type { RecordLine } from '@hoop/controls';
import type { Refusal } from '@hoop/core';
import type { FlowOptions } from './ports.js';

/**
 * The first line of a session's record, written before the upstream is dialled. A flow that ends of itself before it
 * asked for anything (a cancel request, a port check) leaves no session.
 */
export class SessionLine {
  readonly #options: FlowOptions;
  readonly #line: RecordLine;
  #opened: Promise<Refusal | undefined> | undefined;

  constructor(options: FlowOptions, protocol: string) {
    const { session, identity, upstream, program } = options;
    this.#options = options;
    this.#line = { kind: 'session', session, who: identity, connection: upstream.name, protocol, program };
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** Resolves once the line is kept; with a refusal if it cannot be. */
  open(): Promise<Refusal | undefined> {
    this.#opened ??= this.#append();
    return this.#opened;
  }

  /** For a session that ends before it was opened: the line, waited for by nobody. */
  tell(): void {
    if (this.isOpen) return;
    this.#opened = Promise.resolve(undefined);
    this.#options.recorder.tell(this.#line);
  }

  async #append(): Promise<Refusal | undefined> {
    try {
      await this.#options.recorder.append(this.#line, this.#options.durability === 'all' ? 'disk' : 'process');
      return undefined;
    } catch {
      return {
        code: 'record-failed',
        message: 'This session cannot be recorded, so it does not open.',
        hint: 'Ask the operator of the gateway to look at its recordings.',
      };
    }
  }
}
