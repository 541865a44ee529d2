import { spend } from '../steps.js';

/** Numbers that are put together often and looked at seldom: a union costs nothing until then. */
export interface Marks {
  readonly own?: number;
  readonly parts?: readonly Marks[];
}

export const NO_MARKS: Marks = {};
export const markOf = (own: number): Marks => ({ own });

export function together(all: readonly Marks[]): Marks {
  const parts = all.filter((marks) => marks !== NO_MARKS);
  return parts.length === 0 ? NO_MARKS : parts.length === 1 ? (parts[0] as Marks) : { parts };
}

/** Each once; parts that are shared are walked once, however often they were put in. */
export function marksIn(marks: Marks): ReadonlySet<number> {
  const found = new Set<number>();
  const seen = new Set<Marks>();
  const open = [marks];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    spend(1 / 16);
    if (one.own !== undefined) found.add(one.own);
    for (const part of one.parts ?? []) open.push(part);
  }
  return found;
}
