import { createHmac } from 'node:crypto';
import type { OutputColumn, Rows } from '@hoop/core';
import { ChangeList } from './changes.js';
import { Found, type Wanted } from './detect/detectors.js';
import { scan, scanCells } from './detect/scan.js';
import { CellTexts } from './detect/texts.js';
import { type Hit, Hits } from './hits.js';
import type { FailedLoads } from './loads.js';
import { type Act, type Plan, planFor } from './plan.js';
import { UNREAD } from './rules.js';
import type { Scope } from './scope.js';
import { hashed, type Mask, maskOf, REDACTED } from './ways.js';

/** Bytes that are looked at in one go, a fraction of a millisecond of work: then all others have their turn. */
export const SLICE = 64 * 1024;
/** A longer cell is looked at in slices of this, since all of it may be hard to look at. */
const LONG_SLICE = 16 * 1024;
/** Slices of one long cell overlap by more than the longest of what is found by its form. */
const OVERLAP = 1024;
/** The shortest of all that is looked for is an address, `a@b.cd`, or as many digits. */
const TOO_SHORT = /^[\x00-\x7f]{0,5}$/;
/** A cell that takes longer to look at, pauses left out, is masked whole; milliseconds. */
const LOOK_MOST = 2_000;

export interface MaskPorts {
  /** The key of hashes; the same for all that are to be joined. */
  key: Uint8Array;
  /** Resolves when all others have had their turn. */
  pause(): Promise<void>;
  /** Of all flows, so that nobody begins anew with each. */
  failedLoads: FailedLoads;
}

/** A rule masked so many cells. */
export type Tell = (rule: string, cells: number) => void;

type Masking = Act & { does: 'mask' };

/** A plan with the masks of its columns, and how many cells of each were masked since that was told. */
interface Ready extends Plan {
  /** By column; undefined for NULL, and where none is masked whole. */
  masks: readonly (Mask | undefined)[];
  counts: Int32Array;
}

/** Masks the rows of one flow. One call at a time. */
export class RowMask {
  readonly #scope: Scope;
  readonly #ports: MaskPorts;
  readonly #plans = new WeakMap<readonly OutputColumn[], Ready>();
  readonly #rules: ReadonlyMap<Wanted, { rule: string; mask: Mask | undefined }>;
  readonly #changes = new ChangeList();
  readonly #texts = new CellTexts();
  readonly #found = new Found();
  /** Of one cell by itself, while `#found` is gone through. */
  readonly #alone = new Found();
  readonly #hits = new Hits();

  constructor(scope: Scope, ports: MaskPorts) {
    this.#scope = scope;
    this.#ports = ports;
    this.#rules = new Map(
      [...scope.byDetector()].map(([bit, { name, way }]) => [
        bit,
        { rule: name, mask: maskOf(way === 'show' ? 'redact' : way, ports.key) },
      ]),
    );
  }

  /** The same rows if nothing in them is to be masked. */
  mask(rows: Rows, tell: Tell): Rows | Promise<Rows> {
    const plan = this.#planOf(rows.columns);
    if (rows.count === 0 || (plan.whole.length + plan.read.length === 0 && !plan.looks)) return rows;
    this.#changes.clear();
    const cells = rows.cells.length / 2;
    if (endOf(rows, cells - 1) - startOf(rows, 0) > 2 * SLICE) return this.#slowly(rows, plan, tell);
    this.#part(rows, plan, 0, cells, tell);
    return this.#changes.of(rows);
  }

  #planOf(columns: readonly OutputColumn[]): Ready {
    const known = this.#plans.get(columns);
    if (known !== undefined) return known;
    const plan = planFor(columns, this.#scope);
    const masks = plan.acts.map((act) => (act.does === 'mask' ? maskOf(act.way, this.#ports.key) : undefined));
    const made: Ready = { ...plan, masks, counts: new Int32Array(columns.length) };
    this.#plans.set(columns, made);
    return made;
  }

  async #slowly(rows: Rows, plan: Ready, tell: Tell): Promise<Rows> {
    const cells = rows.cells.length / 2;
    for (let from = 0; from < cells; ) {
      const to = sliceFrom(rows, from, cells);
      if (lengthOf(rows, from) > SLICE) await this.#long(rows, plan, from, tell);
      else this.#part(rows, plan, from, to, tell);
      from = to;
      await this.#ports.pause();
    }
    return this.#changes.of(rows);
  }

  /** Cells `from` to `to`. */
  #part(rows: Rows, plan: Ready, from: number, to: number, tell: Tell): void {
    const found = this.#found;
    found.clear();
    if (plan.looks) {
      const texts = this.#texts.set(rows.cells, from, to, plan.skips);
      scanCells(rows.bytes, startOf(rows, from), endOf(rows, to - 1), texts, this.#scope.wanted, found);
    }
    if (found.count > 0 || plan.read.length > 0) this.#each(rows, plan, from, to, tell);
    else this.#masked(rows, plan, from, to);
    for (const column of plan.whole) {
      const cells = plan.counts[column] as number;
      if (cells > 0) tell((plan.acts[column] as Masking).rule, cells);
      plan.counts[column] = 0;
    }
  }

  /** Where nothing was found: the columns that are masked whole. */
  #masked(rows: Rows, plan: Ready, from: number, to: number): void {
    const width = plan.acts.length;
    for (let row = from - (from % width); row < to; row += width) {
      for (const column of plan.whole) {
        const cell = row + column;
        if (cell >= from && cell < to) this.#whole(rows, plan, cell, column);
      }
    }
  }

  #each(rows: Rows, plan: Ready, from: number, to: number, tell: Tell): void {
    this.#hits.set(this.#found, from, to);
    const { acts } = plan;
    for (let cell = from, column = from % acts.length; cell < to; cell++, column++) {
      if (column === acts.length) column = 0;
      const act = acts[column] as Act;
      if (act.does === 'mask') this.#whole(rows, plan, cell, column);
      else if (act.does === 'look' && this.#hits.has(cell - from))
        this.#look(rows, cell, this.#hits.of(cell - from), act.part, tell);
      else if (act.does === 'look' && rows.columns[column]?.reads !== undefined) this.#read(rows, cell, column, tell);
    }
  }

  #whole(rows: Rows, plan: Ready, cell: number, column: number): void {
    const { way, quoted, blind } = plan.acts[column] as Masking;
    if (lengthOf(rows, cell) < 0 && (!blind || way === 'null')) return;
    const mask = plan.masks[column];
    plan.counts[column] = (plan.counts[column] as number) + 1;
    const padded = rows.columns[column]?.holds === 'padded';
    if (mask === undefined) this.#changes.null(cell);
    else if (way === 'redact' && !quoted && !padded) this.#changes.redacted(cell);
    else this.#written(rows, cell, mask, quoted, padded);
  }

  #written(rows: Rows, cell: number, mask: Mask, quoted: boolean, padded: boolean): void {
    const { writer } = this.#changes;
    const from = writer.length;
    if (quoted) writer.ascii('"');
    mask(writer, rows.bytes, startOf(rows, cell), endOf(rows, cell));
    if (quoted) writer.ascii('"');
    if (padded) this.#pad(rows, cell, from);
    this.#changes.since(cell, from);
  }

  /** To as many characters as the value has: what a `char(n)` is given as. */
  #pad({ bytes, cells }: Rows, cell: number, from: number): void {
    const { writer } = this.#changes;
    const start = cells[2 * cell] as number;
    const end = start + (cells[2 * cell + 1] as number);
    let left = 0;
    for (let at = start; at < end; at++) if (((bytes[at] as number) & 0xc0) !== 0x80) left += 1;
    writer.length = Math.min(writer.length, from + left);
    writer.ascii(' '.repeat(from + left - writer.length));
  }

  #read(rows: Rows, cell: number, column: number, tell: Tell): void {
    if (lengthOf(rows, cell) < 0) return;
    const [from, to] = [startOf(rows, cell), endOf(rows, cell)];
    const kind = this.#kindIn(rows, column, from, from, to);
    if (kind !== undefined) this.#nothing(cell, kind, tell);
  }

  /** What is found first in a part of a cell. */
  #kindIn(rows: Rows, column: number, start: number, from: number, to: number): Wanted | undefined {
    const { bytes, columns } = rows;
    this.#alone.clear();
    scan(columns[column]?.reads?.(bytes, start, from, to) ?? bytes.subarray(from, to), this.#scope.wanted, this.#alone);
    return this.#alone.count > 0 ? this.#alone.kinds[0] : undefined;
  }

  #look(rows: Rows, cell: number, hits: readonly Hit[], part: boolean, tell: Tell): void {
    const [first] = hits as readonly [Hit, ...Hit[]];
    if (part && this.#parts(rows, cell, hits, this.#changes)) tell(this.#ruleOf(first.kind), 1);
    else this.#nothing(cell, first.kind, tell);
  }

  #ruleOf(kind: Wanted): string {
    return this.#rules.get(kind)?.rule ?? UNREAD;
  }

  #nothing(cell: number, kind: Wanted, tell: Tell): void {
    tell(this.#ruleOf(kind), 1);
    this.#changes.null(cell);
  }

  /** Masks what was found where it stands; false where the way of one of them leaves nothing. */
  #parts(rows: Rows, cell: number, hits: readonly Hit[], changes: ChangeList): boolean {
    if (hits.some(({ kind }) => this.#rules.get(kind)?.mask === undefined)) return false;
    const { writer } = changes;
    const start = writer.length;
    let at = startOf(rows, cell);
    for (const { from, to, kind } of hits) {
      writer.copy(rows.bytes, at, from);
      this.#rules.get(kind)?.mask?.(writer, rows.bytes, from, to);
      at = to;
    }
    writer.copy(rows.bytes, at, endOf(rows, cell));
    changes.since(cell, start);
    return true;
  }

  /** A cell too long to be looked at in one go. If anything is found, it is masked whole. */
  async #long(rows: Rows, plan: Ready, cell: number, tell: Tell): Promise<void> {
    const column = cell % plan.acts.length;
    const act = plan.acts[column] as Act;
    if (act.does === 'pass') return;
    if (act.does === 'mask') return this.#wholeLong(rows, plan, cell, column, act, tell);
    const kind = await this.#longKind(rows, cell, column);
    if (kind === undefined) return;
    tell(this.#ruleOf(kind), 1);
    if (act.part) this.#changes.redacted(cell);
    else this.#changes.null(cell);
  }

  /** What is found in a long cell; where the looking takes too long, that counts as found. */
  async #longKind(rows: Rows, cell: number, column: number): Promise<Wanted | undefined> {
    const [start, end] = [startOf(rows, cell), endOf(rows, cell)];
    let took = 0;
    for (let from = start; from < end; from += LONG_SLICE - OVERLAP) {
      const begun = performance.now();
      const kind = this.#kindIn(rows, column, start, from, Math.min(end, from + LONG_SLICE));
      took += performance.now() - begun;
      if (kind !== undefined) return kind;
      if (took > LOOK_MOST) return this.#scope.wanted;
      await this.#ports.pause();
    }
    return undefined;
  }

  async #wholeLong(rows: Rows, plan: Ready, cell: number, column: number, act: Masking, tell: Tell): Promise<void> {
    tell(act.rule, 1);
    const { writer } = this.#changes;
    if (act.way === 'null') return this.#changes.null(cell);
    if (act.way !== 'hash')
      return act.quoted
        ? this.#written(rows, cell, plan.masks[column] as Mask, true, false)
        : this.#changes.redacted(cell);
    const hmac = createHmac('sha256', this.#ports.key);
    const end = endOf(rows, cell);
    for (let from = startOf(rows, cell); from < end; from += SLICE) {
      hmac.update(rows.bytes.subarray(from, Math.min(end, from + SLICE)));
      await this.#ports.pause();
    }
    const from = writer.length;
    writer.ascii(act.quoted ? `"${hashed(hmac)}"` : hashed(hmac));
    this.#changes.since(cell, from);
  }

  /** A text that stands by itself, with what is found in it masked; a promise where it is long. Also while rows are masked. */
  text(text: string): string | Promise<string> {
    if (this.#scope.wanted === 0 || TOO_SHORT.test(text)) return text;
    const bytes = Buffer.from(text);
    if (bytes.length > SLICE) return this.#longText(text, bytes);
    const found = this.#alone;
    found.clear();
    scan(bytes, this.#scope.wanted, found);
    return this.#textWithout(text, bytes, found);
  }

  async #longText(text: string, bytes: Buffer): Promise<string> {
    const found = new Found();
    for (let from = 0; from < bytes.length; from += LONG_SLICE - OVERLAP) {
      const before = found.count;
      scan(bytes.subarray(from, from + LONG_SLICE), this.#scope.wanted, found);
      for (let at = 2 * before; at < 2 * found.count; at++) found.spans[at] = (found.spans[at] as number) + from;
      await this.#ports.pause();
    }
    return this.#textWithout(text, bytes, found);
  }

  #textWithout(text: string, bytes: Buffer, found: Found): string {
    if (found.count === 0) return text;
    const hits = new Hits();
    hits.set(found, 0, 1);
    const changes = new ChangeList();
    const alone: Rows = { kind: 'rows', columns: [], count: 1, bytes, cells: Int32Array.of(0, bytes.length) };
    if (!this.#parts(alone, 0, hits.of(0), changes)) return REDACTED;
    const { writer } = changes;
    return writer.bytes.toString('utf8', 0, writer.length);
  }
}

const startOf = ({ cells }: Rows, cell: number): number => cells[2 * cell] as number;
const lengthOf = ({ cells }: Rows, cell: number): number => cells[2 * cell + 1] as number;
const endOf = (rows: Rows, cell: number): number => startOf(rows, cell) + Math.max(0, lengthOf(rows, cell));

/** The cell before which a slice ends that starts with `from`: a long cell is one by itself. */
function sliceFrom(rows: Rows, from: number, cells: number): number {
  const start = startOf(rows, from);
  let to = from + 1;
  if (lengthOf(rows, from) > SLICE) return to;
  while (to < cells && endOf(rows, to) - start <= SLICE && lengthOf(rows, to) <= SLICE) to += 1;
  return to;
}
