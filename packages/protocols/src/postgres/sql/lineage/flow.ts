import { ANY_COLUMN } from '@hoop/core';
import { spend } from '../steps.js';
import { type Marks, markOf, NO_MARKS, together } from './marks.js';

/** What a value is made of. */
export interface Flow {
  /** Canonical columns whose values it may carry, whole or in part. */
  readonly columns: ReadonlySet<string>;
  /** It is one column's value, unchanged; `columns` are then all names of that column (a view's, a parent's). */
  readonly exact: boolean;
  /** Oid of its type, where it is known: of a constant that could be of any, unknown's. */
  readonly type?: number | undefined;
  /** What was not understood on the way, as a clause. */
  readonly opaque?: string | undefined;
  /** Constants in it: bytes from the text's start. */
  readonly constants: Marks;
  /** Parameters in it, from 1 as in the text. */
  readonly parameters: Marks;
  /** It is a row, or an array of rows, of these. */
  readonly row?: readonly Field[] | undefined;
  /** Steps of arithmetic from what stands in a column, where each of the column's values gives one; see total.ts. */
  readonly near?: number | undefined;
  /**
   * It is a column's text but for its case, the spaces around it, or a constant in place of NULL: to ask whether it is a constant is
   * to ask that of the column.
   */
  readonly folded?: boolean | undefined;
  /** What it is, or whether it is NULL, was decided by something that was asked of a column. */
  readonly chosen?: boolean | undefined;
  /** To work it out may fail, or take its time. */
  readonly risky?: boolean | undefined;
  /** Columns whose values a variable of a body may have been given. */
  readonly holds?: ReadonlySet<string> | undefined;
  /** That it is computed with was asked of all its columns already. */
  readonly told?: boolean | undefined;
  /** How many values or short literals may be put together in it, 1 where nothing is said. */
  readonly size?: number | undefined;
}

export interface Field {
  readonly name: string;
  readonly flow: Flow;
}

/** The columns of a query or a relation; `open` says, as a clause, why there may be others. */
export interface Shape {
  readonly fields: readonly Field[];
  readonly open?: string | undefined;
  /** Columns that all others go by: there is one of each for any values of these. Undefined where that is not known. */
  readonly key?: readonly string[] | undefined;
}

const NONE: ReadonlySet<never> = new Set<never>();
/** A value that is free of columns. */
export const FREE: Flow = { columns: NONE, exact: false, constants: NO_MARKS, parameters: NO_MARKS };

/** The same, and to work it out may fail or take its time. */
export const RISKY: Flow = { ...FREE, risky: true };

export const constantAt = (offset: number, type?: number): Flow => ({ ...FREE, constants: markOf(offset), type });
export const parameterOf = (number: number): Flow => ({ ...FREE, parameters: markOf(number) });
export const opaque = (clause: string): Flow => ({ ...FREE, opaque: clause });
/** A value that may be a copy of any column's. */
export const anything = (clause: string): Flow => ({ ...opaque(clause), columns: COPIED });
const COPIED: ReadonlySet<string> = new Set([ANY_COLUMN]);
export const columnFlow = (columns: Iterable<string>, type: number): Flow => ({
  ...FREE,
  columns: new Set(columns),
  exact: true,
  type,
});

/** What a value computed from these may carry. */
export function mix(flows: readonly Flow[]): Flow {
  spend(flows.length / 16);
  const made = flows.includes(FREE) ? flows.filter((flow) => flow !== FREE) : flows;
  const [only] = made;
  if (only === undefined) return FREE;
  if (made.length === 1) return changed(only);
  return {
    columns: union(made),
    exact: false,
    opaque: made.find((flow) => flow.opaque !== undefined)?.opaque,
    constants: together(made, 'constants'),
    parameters: together(made, 'parameters'),
    ...workOf(made),
  };
}

/** What is known of how they were worked out holds for what is made of them. */
function workOf(flows: readonly Flow[]): Pick<Flow, 'chosen' | 'risky' | 'size' | 'holds'> {
  let size = 0;
  const held: Flow[] = [];
  let chosen = false;
  let risky = false;
  for (const flow of flows) {
    size += flow.size ?? 1;
    chosen ||= flow.chosen === true;
    risky ||= flow.risky === true;
    if (flow.holds !== undefined) held.push({ ...FREE, columns: flow.holds });
  }
  return {
    size,
    ...(held.length > 0 ? { holds: union(held) } : {}),
    ...(chosen ? { chosen } : {}),
    ...(risky ? { risky } : {}),
  };
}

function union(flows: readonly Flow[]): ReadonlySet<string> {
  let first = NONE as ReadonlySet<string>;
  let all: Set<string> | undefined;
  for (const { columns } of flows) {
    if (columns.size === 0 || columns === first) continue;
    if (first.size === 0) {
      first = columns;
      continue;
    }
    spend((columns.size + (all === undefined ? first.size : 0)) / 16);
    all ??= new Set(first);
    for (const column of columns) all.add(column);
  }
  return all ?? first;
}

/** Constants and parameters of another text say nothing of this one. */
export const unplaced = (flow: Flow): Flow => ({
  ...flow,
  constants: NO_MARKS,
  parameters: NO_MARKS,
  row: flow.row?.map((field) => ({ name: field.name, flow: unplaced(field.flow) })),
});

/** What is kept in a column has that column's names too; so has each field of a row. */
export function under(flow: Flow, names: readonly string[]): Flow {
  const row = flow.row?.map((field) => ({ name: field.name, flow: under(field.flow, names) }));
  return { ...flow, columns: new Set([...names, ...flow.columns]), row };
}

/** The same carried by another value, of a type that is not known. */
export function changed(flow: Flow): Flow {
  const { exact, row, type, near, folded } = flow;
  if (!exact && row === undefined && type === undefined && near === undefined && folded !== true) return flow;
  return { ...flow, exact: false, type: undefined, row: undefined, near: undefined, folded: undefined };
}

/** The same, and perhaps another value of its type. */
export const widened = (flow: Flow, by: Flow): Flow => ({
  ...flow,
  exact: false,
  near: undefined,
  folded: undefined,
  columns: union([flow, by]),
  opaque: flow.opaque ?? by.opaque,
});

/** The one value or the other, as of a name with several meanings: exact where all are the same column. */
export function either(flows: readonly Flow[]): Flow {
  const [first] = flows;
  if (first === undefined) return FREE;
  if (flows.every((flow) => flow === first)) return first;
  const mixed = mix(flows);
  const same = flows.every((flow) => flow.exact && flow.columns.size === mixed.columns.size);
  const rows = flows.flatMap((flow) => (flow.row === undefined ? [] : [flow.row]));
  const row = rows.length === flows.length ? alike(rows) : undefined;
  const isOne = flows.every(({ type }) => type === first.type);
  return { ...mixed, exact: same, type: isOne ? first.type : undefined, row };
}

function alike(rows: readonly (readonly Field[])[]): readonly Field[] | undefined {
  const [first] = rows;
  if (first === undefined || rows.some((row) => !sameNames(row, first))) return undefined;
  return first.map((field, i) => ({ name: field.name, flow: either(rows.map((row) => (row[i] as Field).flow)) }));
}

export function sameNames(one: readonly Field[], other: readonly Field[]): boolean {
  return one.length === other.length && one.every((field, i) => field.name === other[i]?.name);
}

const rows = new WeakMap<Shape, Flow>();

/** The value of a whole row. */
export function rowOf(shape: Shape): Flow {
  let row = rows.get(shape);
  if (row === undefined) {
    const mixed = changed(mix(shape.fields.map((field) => field.flow)));
    row = shape.open === undefined ? { ...mixed, row: shape.fields } : { ...mixed, opaque: mixed.opaque ?? shape.open };
    rows.set(shape, row);
  }
  return row;
}

/** A shape that is one of several: their union where they are alike, else open. */
export function oneOf(shapes: readonly Shape[], clause: string): Shape {
  const [first] = shapes;
  if (first === undefined) return { fields: [], open: clause };
  if (shapes.length === 1) return first;
  const fields = alike(shapes.map((shape) => shape.fields));
  if (fields !== undefined) return { fields, open: shapes.find((shape) => shape.open !== undefined)?.open };
  return { fields: merged(shapes.flatMap((shape) => shape.fields)), open: clause };
}

/** Fields by name, those of one name made one. */
export function merged(fields: readonly Field[]): Field[] {
  const byName = new Map<string, Flow[]>();
  for (const { name, flow } of fields) byName.set(name, [...(byName.get(name) ?? []), flow]);
  return [...byName].map(([name, flows]) => ({ name, flow: either(flows) }));
}

/** Column aliases: the first names are replaced. */
export function renamed(shape: Shape, names: readonly string[]): Shape {
  if (names.length === 0) return shape;
  const fields = shape.fields.map((field, i) => ({ name: names[i] ?? field.name, flow: field.flow }));
  if (shape.open === undefined) return { fields };
  return { fields: [...fields, ...shape.fields], open: shape.open };
}
