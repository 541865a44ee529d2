import { spend } from '../steps.js';

/** Numbers that are put together often and looked at seldom: a union costs nothing until then. */
export interface Marks {
  readonly own?: number;
  readonly parts?: readonly Marks[];
}

export const NO_MARKS: Marks = {};
export const markOf = (own: number): Marks => ({ own });

export function together<K extends string>(all: readonly { readonly [key in K]: Marks }[], of: K): Marks {
  let only = NO_MARKS;
  let parts: Marks[] | undefined;
  for (const one of all) {
    const marks = one[of];
    if (marks === NO_MARKS) continue;
    if (parts !== undefined) parts.push(marks);
    else if (only === NO_MARKS) only = marks;
    else parts = [only, marks];
  }
  return parts === undefined ? only : { parts };
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
