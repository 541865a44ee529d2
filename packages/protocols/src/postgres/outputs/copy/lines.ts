import { ProtocolError } from '@hoop/core';
import type { CopyCells, CopyReader } from './cells.js';
import type { CopyForm } from './form.js';

export const NEWLINE = 0x0a;

/** What COPY's two formats of lines have in common: a line is a row, the first perhaps a header. */
export abstract class LineReader implements CopyReader {
  protected readonly form: CopyForm;
  protected readonly columns: number;
  #header: boolean;

  constructor(form: CopyForm, columns: number) {
    this.form = form;
    this.columns = columns;
    this.#header = form.header;
  }

  get isAtRow(): boolean {
    return !this.#header;
  }

  /** One line from `start` on; gives where the next starts, -1 where it has not ended. */
  protected abstract line(body: Buffer, start: number, into: CopyCells): number;
  abstract write(value: Uint8Array | null): Uint8Array;

  read(body: Buffer, into: CopyCells): number {
    let ended = 0;
    while (ended < body.length) {
      const before = into.length;
      const next = this.line(body, ended, into);
      if (next < 0) {
        into.back(before);
        return ended;
      }
      if (this.#header) into.back(before);
      else if (into.length - before !== this.columns) throw unfit();
      else into.rows += 1;
      this.#header = false;
      ended = next;
    }
    return ended;
  }

  /** A field ends at `to`; what it says was put from `said` to `out`. Gives where the next is put. */
  protected field(body: Buffer, from: number, to: number, said: number, out: number, into: CopyCells): number {
    into.add(from, to, said, this.#isNull(body, from, to) ? -1 : out - said);
    into.bytes[out] = 0;
    into.at = out + 1;
    return into.at;
  }

  #isNull(body: Buffer, from: number, to: number): boolean {
    const { null: text, tellsNull } = this.form;
    return tellsNull && text.length === to - from && body.compare(text, 0, text.length, from, to) === 0;
  }
}

const unfit = () => new ProtocolError('a line of COPY has not as many fields as columns');
