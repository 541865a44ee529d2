import type { Catalogue, Relation } from '../catalogue.js';
import type { ReadingContext } from '../context.js';
import { namespaceOf } from '../namespace.js';
import { parse } from '../parse.js';
import { unlessTooLong } from '../steps.js';
import { Facts } from './facts.js';
import {
  anything,
  columnFlow,
  type Field,
  type Flow,
  FREE,
  mix,
  opaque,
  rowOf,
  type Shape,
  under,
  unplaced,
} from './flow.js';
import { NO_MARKS } from './marks.js';
import type { Item, Scope } from './scope.js';
import { command } from './select.js';
import { isSummary } from './statistics.js';
import { changesOf } from './triggers.js';
import { rowOfType } from './types.js';

export const canonical = (relation: { schema: string; name: string }): string => `${relation.schema}.${relation.name}`;

/** A relation as one catalogue has it: its columns, and what reading or writing it touches below. */
export interface Known {
  shape: Shape;
  /** Of a view: what its definition reads, and the columns that its rows depend on. */
  below: readonly string[];
  depends: ReadonlySet<string>;
  opaque: string | undefined;
  foreign: string | undefined;
}

interface Index {
  children: ReadonlyMap<number, readonly Relation[]>;
  known: Map<string, Known>;
}
/** Relations times search paths. */
const KEPT = 20_000;
const indexes = new WeakMap<Catalogue, Index>();

function indexOf(catalogue: Catalogue): Index {
  let index = indexes.get(catalogue);
  if (index === undefined) {
    index = { children: childrenIn(catalogue), known: new Map() };
    indexes.set(catalogue, index);
  }
  return index;
}

function childrenIn(catalogue: Catalogue): Map<number, Relation[]> {
  const children = new Map<number, Relation[]>();
  for (const relation of catalogue.byOid.values())
    for (const parent of relation.parents) children.set(parent, [...(children.get(parent) ?? []), relation]);
  return children;
}

/** What a table's own triggers put into a column is in it, as what a generated column is made of. */
function movedBy(relation: Relation, fields: readonly Field[], at: ReadingContext): readonly Field[] {
  const changes = changesOf(relation, fields, at);
  return fields.map((field) => {
    const others = changes.filter(({ names }) => names === 'all' || names.has(field.name));
    const columns = new Set([field.flow, ...others.map(({ flow }) => flow)].flatMap((flow) => [...flow.columns]));
    return columns.size === field.flow.columns.size
      ? field
      : { name: field.name, flow: { ...field.flow, columns, exact: false, near: 0 } };
  });
}

/** In a text of the catalogue all names are qualified but the system's own; functions that it calls have the session's paths. */
function inside({ catalogue, paths, made }: ReadingContext): ReadingContext {
  return {
    catalogue,
    paths: [['pg_catalog'], ...paths.filter((path) => path[0] !== 'pg_catalog' || path.length > 1)],
    made,
  };
}

/** The columns of one relation that is known by itself, as a row type is. */
export function columnsOf(relation: Relation, at: ReadingContext): Shape {
  return knownOf(relation, true, at).shape;
}

export function knownOf(relation: Relation, inherits: boolean, at: ReadingContext): Known {
  const { known } = indexOf(at.catalogue);
  const key = `${relation.oid}${inherits ? '' : ' only'} ${namespaceOf(at)}`;
  const had = known.get(key);
  if (had !== undefined) return had;
  if (known.size >= KEPT) known.clear();
  // A view that leads back to itself meets this.
  known.set(key, {
    shape: { fields: [], open: `${canonical(relation)} goes round` },
    below: [],
    depends: new Set(),
    opaque: undefined,
    foreign: undefined,
  });
  const made = keeping(known, key, () =>
    relation.definition === undefined ? table(relation, inherits, at) : view(relation, at),
  );
  if (relation.triggers.length === 0) return made;
  return keeping(known, key, () => ({
    ...made,
    shape: { ...made.shape, fields: movedBy(relation, made.shape.fields, at) },
  }));
}

/** Keeps what is found out in the place of what stands there meanwhile, which goes where that is broken off. */
export function keeping<T>(known: Map<string, T>, key: string, find: () => T): T {
  try {
    const found = find();
    known.set(key, found);
    return found;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

function table(relation: Relation, inherits: boolean, at: ReadingContext): Known {
  const { catalogue } = at;
  const family = [relation, ...ancestors(relation, catalogue), ...(inherits ? descendants(relation, catalogue) : [])];
  const plain = relation.columns.map((column): Field => {
    const named = family.filter((one) => one.columns.some(({ name }) => name === column.name));
    const names = named.map((one) => `${canonical(one)}.${column.name}`);
    return { name: column.name, flow: held(names, column.type, relation, at) };
  });
  const below = family.slice(1).map(canonical);
  const facts = new Facts();
  const fields = plain.map((field, i) => generated(field, relation.columns[i]?.generated, plain, at, facts));
  if ((relation.kind === 'v' || relation.kind === 'm') && !relation.builtin) {
    const open = `the definition of ${canonical(relation)} is not known`;
    return {
      shape: { fields: fields.map((field) => ({ ...field, flow: mix([field.flow, anything(open)]) })) },
      below,
      depends: new Set(),
      opaque: open,
      foreign: undefined,
    };
  }
  return { shape: { fields }, below, depends: new Set(), opaque: undefined, foreign: facts.foreign };
}

/** How a value stands in a row that was worked out when that was written. */
const STORED = { near: 0, size: 1, chosen: undefined, risky: undefined };

/** A generated column is what its expression makes of the others. */
function generated(
  field: Field,
  text: string | undefined,
  others: readonly Field[],
  at: ReadingContext,
  facts: Facts,
): Field {
  if (text === undefined) return field;
  const item: Item = { name: undefined, schemas: [], shape: { fields: others }, system: true, bare: true };
  const scope: Scope = {
    up: undefined,
    items: [item],
    ctes: new Map(),
    at: inside(at),
    facts,
  };
  const shape = readText(`SELECT ${text}`, scope, `the expression of ${field.name}`);
  return {
    name: field.name,
    flow: {
      ...unplaced(mix([field.flow, shape.fields[0]?.flow ?? opaque(shape.open ?? 'it is not understood')])),
      type: field.flow.type,
      ...STORED,
    },
  };
}

/** Columns of the system that hold copies of other columns' values, or what others have asked. */
const COPIES: ReadonlyMap<string, RegExp> = new Map([
  ['pg_statistic', /^stavalues/],
  ['pg_statistic_ext_data', /^stxd(mcv|expr)/],
  ['pg_stats', /^(most_common_(vals|elems)|histogram_bounds|range_bounds_histogram)$/],
  ['pg_stats_ext', /^most_common_(vals|val_nulls)$/],
  ['pg_stats_ext_exprs', /^(most_common_(vals|elems)|histogram_bounds)$/],
  ['pg_stat_activity', /^query$/],
  ['pg_attribute', /^attmissingval$/],
  ['pg_largeobject', /^data$/],
]);

function held(names: readonly string[], type: number, relation: Relation, at: ReadingContext): Flow {
  const { catalogue } = at;
  const row = rowOfType(type, at);
  // Values of a row type hold what its columns do, wherever they are kept.
  if (row !== undefined) return under({ ...rowOf(row), type }, names);
  const flow = columnFlow(names, type);
  const column = names[0]?.slice(canonical(relation).length + 1) ?? '';
  if (relation.builtin && (COPIES.get(relation.name)?.test(column) || isSummary(relation.name, column)))
    return copied(flow, `${names[0]} holds copies of values`);
  if (relation.kind !== 't') return flow;
  const owner = catalogue.byOid.get(Number(/^pg_toast_(\d+)$/.exec(relation.name)?.[1]));
  if (owner === undefined) return copied(flow, `${canonical(relation)} holds another relation's values`);
  return {
    ...flow,
    exact: false,
    columns: new Set([...names, ...rowOf(columnsOf(owner, at)).columns]),
  };
}

/** It is still one column: to compare it with a constant asks no more than to ask any column so. */
const copied = (flow: Flow, clause: string): Flow => ({
  ...mix([flow, anything(clause)]),
  exact: true,
  type: flow.type,
});

/** A relation and those that its rows may be in. */
export function familyOf(relation: Relation, catalogue: Catalogue): readonly Relation[] {
  return [relation, ...descendants(relation, catalogue)];
}

function ancestors(relation: Relation, catalogue: Catalogue): Relation[] {
  return closure(relation, (one) => one.parents.flatMap((oid) => catalogue.byOid.get(oid) ?? []));
}

function descendants(relation: Relation, catalogue: Catalogue): Relation[] {
  const { children } = indexOf(catalogue);
  return closure(relation, (one) => children.get(one.oid) ?? []);
}

function closure(from: Relation, next: (one: Relation) => readonly Relation[]): Relation[] {
  const found = new Set<Relation>();
  const open = [from];
  for (let one = open.pop(); one !== undefined; one = open.pop())
    for (const near of next(one))
      if (near !== from && !found.has(near)) {
        found.add(near);
        open.push(near);
      }
  return [...found];
}

function view(relation: Relation, at: ReadingContext): Known {
  const facts = new Facts();
  const found = defined(relation, at, facts);
  const fits = found.open !== undefined || found.fields.length === relation.columns.length;
  const shape = fits ? found : { fields: [], open: `the definition of ${canonical(relation)} is not understood` };
  const fields = relation.columns.map((column, i): Field => {
    const given = shape.fields[i]?.flow ?? FREE;
    const flow = shape.open === undefined ? given : mix([given, anything(shape.open)]);
    const columns = new Set([`${canonical(relation)}.${column.name}`, ...flow.columns]);
    const row = flow.row;
    return {
      name: column.name,
      flow: {
        columns,
        exact: flow.exact,
        type: column.type,
        opaque: flow.opaque,
        constants: NO_MARKS,
        parameters: NO_MARKS,
        row,
        chosen: flow.chosen,
        risky: flow.risky,
      },
    };
  });
  const below = [...new Set([...facts.relations.values()].map((use) => use.name))];
  return { shape: { fields }, below, depends: facts.columns, opaque: facts.opaque, foreign: facts.foreign };
}

/** What a definition gives. The names in it are qualified, but for those of the system. */
function defined(relation: Relation, at: ReadingContext, facts: Facts): Shape {
  const scope: Scope = { up: undefined, items: [], ctes: new Map(), at: inside(at), facts };
  return readText(relation.definition ?? '', scope, `the definition of ${canonical(relation)}`);
}

function readText(text: string, scope: Scope, what: string): Shape {
  try {
    const node = parse(text, 'any')[0]?.node;
    return node === undefined ? { fields: [], open: `${what} is empty` } : command(node, scope);
  } catch (error) {
    unlessTooLong(error);
    return { fields: [], open: `${what} cannot be read` };
  }
}
