import { createHmac } from 'node:crypto';
import type { OutputColumn, Rows } from '@hoop/core';
import { ChangeList } from './changes.js';
import { Found, type Wanted } from './detect/detectors.js';
import { Probe } from './detect/probe.js';
import { holds, scan } from './detect/scan.js';
import { type Act, type Plan, planFor } from './plan.js';
import type { Way } from './rules.js';
import type { Scope } from './scope.js';
import { hashed, type Mask, maskOf, REDACTED, redact } from './ways.js';

/** Bytes that are looked at in one go, a fraction of a millisecond of work: then all others have their turn. */
export const SLICE = 64 * 1024;
/** Slices of one long cell overlap by more than the longest of what is found by its form. */
const OVERLAP = 1024;

export interface MaskPorts {
  /** The key of hashes; the same for all that are to be joined. */
  key: Uint8Array;
  /** Resolves when all others have had their turn. */
  pause(): Promise<void>;
}

/** A rule masked so many cells. */
export type Tell = (rule: string, cells: number) => void;

type Masking = Act & { does: 'mask' };

/** Masks the rows of one flow. One call at a time. */
export class RowMask {
  readonly #scope: Scope;
  readonly #ports: MaskPorts;
  readonly #plans = new WeakMap<readonly OutputColumn[], Plan>();
  readonly #rules: ReadonlyMap<Wanted, { rule: string; mask: Mask | undefined }>;
  readonly #changes = new ChangeList();
  readonly #probe = new Probe();
  readonly #found = new Found();
  #marks: Uint8Array | undefined;

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
    if (!plan.masks && !plan.looks) return rows;
    this.#changes.clear();
    const cells = rows.cells.length / 2;
    if (endOf(rows, cells - 1) - startOf(rows, 0) > SLICE * 2) return this.#slowly(rows, plan, tell);
    this.#part(rows, plan, 0, cells, tell);
    return this.#changes.of(rows);
  }

  #planOf(columns: readonly OutputColumn[]): Plan {
    const known = this.#plans.get(columns);
    if (known !== undefined) return known;
    const plan = planFor(columns, this.#scope);
    this.#plans.set(columns, plan);
    return plan;
  }

  async #slowly(rows: Rows, plan: Plan, tell: Tell): Promise<Rows> {
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
  #part(rows: Rows, plan: Plan, from: number, to: number, tell: Tell): void {
    const marked = plan.looks && this.#probe.look(rows, from, to, plan.skips, this.#scope.wanted);
    this.#marks = marked ? this.#probe.marks : undefined;
    if (!marked && !plan.masks && plan.read.length === 0) return;
    const { acts } = plan;
    for (let cell = from, column = from % acts.length; cell < to; cell++, column++) {
      if (column === acts.length) column = 0;
      const act = acts[column] as Act;
      if (act.does === 'pass' || lengthOf(rows, cell) < 0) continue;
      if (act.does === 'mask') this.#whole(rows, cell, column, act, tell);
      else if (rows.columns[column]?.reads !== undefined) this.#read(rows, cell, column, tell);
      else if (this.#marks?.[cell - from] === 1) this.#look(rows, cell, column, act.part, tell);
    }
  }

  #whole(rows: Rows, cell: number, column: number, { rule, way, quoted }: Masking, tell: Tell): void {
    tell(rule, 1);
    if (way === 'null') return this.#changes.null(cell);
    const padded = rows.columns[column]?.holds === 'padded';
    if (way === 'redact' && !quoted && !padded) return this.#changes.redacted(cell);
    const { writer } = this.#changes;
    const from = writer.length;
    if (quoted) writer.ascii('"');
    maskFor(way, this.#ports.key)(writer, rows.bytes, startOf(rows, cell), endOf(rows, cell));
    if (quoted) writer.ascii('"');
    if (padded) this.#pad(rows, cell, from);
    this.#changes.since(cell, from);
  }

  /** To as many characters as the value has: what a `char(n)` is given as. */
  #pad(rows: Rows, cell: number, from: number): void {
    const { writer } = this.#changes;
    let left = 0;
    for (let at = startOf(rows, cell); at < endOf(rows, cell); at++)
      if (((rows.bytes[at] as number) & 0xc0) !== 0x80) left += 1;
    let at = from;
    for (; at < writer.length && left > 0; at++) left -= 1;
    writer.length = at;
    if (left > 0) writer.ascii(' '.repeat(left));
  }

  #read(rows: Rows, cell: number, column: number, tell: Tell): void {
    const [from, to] = [startOf(rows, cell), endOf(rows, cell)];
    const text = rows.columns[column]?.reads?.(rows.bytes, from, from, to) ?? rows.bytes.subarray(from, to);
    this.#found.clear();
    scan(text, 0, text.length, this.#scope.wanted, this.#found);
    if (this.#found.count > 0) this.#nothing(cell, tell);
  }

  #look(rows: Rows, cell: number, _column: number, part: boolean, tell: Tell): void {
    const found = this.#found;
    found.clear();
    scan(rows.bytes, startOf(rows, cell), endOf(rows, cell), this.#scope.wanted, found);
    if (found.count === 0) return;
    if (part) this.#parts(rows, cell, tell);
    else this.#nothing(cell, tell);
  }

  /** NULL, by the rule of what was found first. */
  #nothing(cell: number, tell: Tell): void {
    tell(this.#rules.get(this.#found.kinds[0] as number)?.rule ?? '', 1);
    this.#changes.null(cell);
  }

  /** Masks what was found where it stands. Of two that overlap, what starts first is masked, as far as both go. */
  #parts(rows: Rows, cell: number, tell: Tell): void {
    const { writer } = this.#changes;
    const start = writer.length;
    const spans = inOrder(this.#found);
    tell(this.#rules.get(spans[0]?.kind as number)?.rule ?? '', 1);
    let at = startOf(rows, cell);
    for (const { from, to, kind } of spans) {
      const mask = this.#rules.get(kind)?.mask;
      if (mask === undefined) {
        writer.length = start;
        return this.#changes.null(cell);
      }
      writer.copy(rows.bytes, at, from);
      mask(writer, rows.bytes, from, to);
      at = to;
    }
    writer.copy(rows.bytes, at, endOf(rows, cell));
    this.#changes.since(cell, start);
  }

  /** A cell too long to be looked at in one go. If anything is found, it is masked whole. */
  async #long(rows: Rows, plan: Plan, cell: number, tell: Tell): Promise<void> {
    const column = cell % plan.acts.length;
    const act = plan.acts[column] as Act;
    if (act.does === 'pass') return;
    if (act.does === 'mask') return this.#wholeLong(rows, cell, column, act, tell);
    if (!(await this.#holdsAny(rows, cell, column))) return;
    tell(this.#rules.get(this.#found.kinds[0] as number)?.rule ?? '', 1);
    if (act.part) this.#changes.redacted(cell);
    else this.#changes.null(cell);
  }

  async #holdsAny(rows: Rows, cell: number, column: number): Promise<boolean> {
    const [start, end] = [startOf(rows, cell), endOf(rows, cell)];
    const reads = rows.columns[column]?.reads;
    for (let from = start; from < end; from += SLICE - OVERLAP) {
      const to = Math.min(end, from + SLICE);
      this.#found.clear();
      if (reads === undefined) scan(rows.bytes, from, to, this.#scope.wanted, this.#found);
      else {
        const text = reads(rows.bytes, start, from, to);
        scan(text, 0, text.length, this.#scope.wanted, this.#found);
      }
      if (this.#found.count > 0) return true;
      await this.#ports.pause();
    }
    return false;
  }

  async #wholeLong(rows: Rows, cell: number, column: number, act: Masking, tell: Tell): Promise<void> {
    if (act.way !== 'hash' || rows.columns[column]?.holds === 'padded')
      return this.#whole(rows, cell, column, act, tell);
    const hmac = createHmac('sha256', this.#ports.key);
    const end = endOf(rows, cell);
    for (let from = startOf(rows, cell); from < end; from += SLICE) {
      hmac.update(rows.bytes.subarray(from, Math.min(end, from + SLICE)));
      await this.#ports.pause();
    }
    tell(act.rule, 1);
    const { writer } = this.#changes;
    const from = writer.length;
    writer.ascii(act.quoted ? `"${hashed(hmac)}"` : hashed(hmac));
    this.#changes.since(cell, from);
  }

  /** A text that stands by itself, with what is found in it masked. */
  text(text: string): string {
    const bytes = Buffer.from(text);
    if (bytes.length > SLICE) return holds(bytes, 0, bytes.length, this.#scope.wanted) ? REDACTED : text;
    const columns: OutputColumn[] = [];
    const found = this.#found;
    found.clear();
    scan(bytes, 0, bytes.length, this.#scope.wanted, found);
    if (found.count === 0) return text;
    this.#changes.clear();
    this.#parts({ kind: 'rows', columns, count: 1, bytes, cells: Int32Array.of(0, bytes.length) }, 0, () => {});
    const { changes } = this.#changes.of({ kind: 'rows', columns, count: 1, bytes, cells: new Int32Array(2) });
    return changes?.spans[1] === -1 ? REDACTED : Buffer.from(changes?.bytes ?? []).toString();
  }
}

/** Not the way of NULL. */
const maskFor = (way: Exclude<Way, 'show'>, key: Uint8Array): Mask => maskOf(way, key) ?? redact;

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

interface Span {
  from: number;
  to: number;
  kind: Wanted;
}

/** What was found, each place once. */
function inOrder({ count, spans, kinds }: Found): Span[] {
  const all = Array.from({ length: count }, (_, at) => ({
    from: spans[2 * at] as number,
    to: spans[2 * at + 1] as number,
    kind: kinds[at] as number,
  })).sort((one, other) => one.from - other.from || other.to - one.to);
  const joined: Span[] = [];
  for (const one of all) {
    const last = joined.at(-1);
    if (last === undefined || one.from >= last.to) joined.push(one);
    else if (one.to > last.to) last.to = one.to;
  }
  return joined;
}
