import { median, ratios, type Samples } from './stats.js';

/** One line of the result. Of a ratio, `value` is the median over the rounds, `spread` its least and greatest. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  /** What design §10 or the issue asks for; null where a row only tells. */
  target: number | null;
  met: boolean | null;
  /** What it is measured against. */
  peer: string | null;
  spread?: [number, number];
  /** Each path's median, in `measured`'s unit. */
  paths?: Record<string, number>;
  measured?: string;
  note?: string;
}

export interface Aim {
  name: string;
  peer: string;
  target: number | null;
  /** Whether a greater value is the better one. */
  more: boolean;
  measured: string;
  note?: string;
}

export const OURS = 'hoop';

/** Ours against a peer's. */
export function compared({ name, peer, target, more, measured, note }: Aim, samples: Samples): Row {
  const each = ratios(samples[OURS] ?? [], samples[peer] ?? []);
  const value = median(each);
  return {
    name,
    value: rounded(value),
    unit: '×',
    target,
    met: met(value, target, more),
    peer,
    spread: [rounded(Math.min(...each)), rounded(Math.max(...each))],
    paths: Object.fromEntries(Object.entries(samples).map(([path, values]) => [path, rounded(median(values))])),
    measured,
    ...(note !== undefined && { note }),
  };
}

export function absolute(row: Omit<Row, 'met' | 'peer'> & { peer?: string; more?: boolean }): Row {
  const { more = false, peer = null, ...rest } = row;
  return { ...rest, value: rounded(row.value), peer, met: met(row.value, row.target, more) };
}

function met(value: number, target: number | null, more: boolean): boolean | null {
  if (target === null) return null;
  return more ? value >= target : value <= target;
}

/** Three figures: what comes after is noise. */
export function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : value;
}
