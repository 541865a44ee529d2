import type { RangeVar } from 'libpg-query';
import type { Catalogue, Relation } from '../catalogue.js';
import type { ReadingContext } from '../context.js';
import { parse } from '../parse.js';
import { Facts } from './facts.js';
import { columnFlow, type Field, type Flow, mix, oneOf, opaque, type Shape } from './flow.js';
import type { Item, Scope } from './scope.js';
import { command } from './select.js';

export const canonical = (relation: { schema: string; name: string }): string => `${relation.schema}.${relation.name}`;

/** A relation as one catalogue has it: its columns, and what reading or writing it touches below. */
interface Known {
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

/** The relations that a name may stand for, and whether it may stand for one that the catalogue does not have. */
export function candidates(name: RangeVar, at: ReadingContext): { relations: readonly Relation[]; unknown: boolean } {
  const relname = name.relname ?? '';
  const made = at.made?.some((one) => one.name === relname) === true;
  // Which temporary ones are this session's cannot be told; they come before all others.
  const qualified = name.schemaname !== undefined && !name.schemaname.startsWith('pg_temp');
  const found = new Set<Relation>(qualified ? [] : temporary(at.catalogue, relname));
  let missing = false;
  for (const path of name.schemaname === undefined ? pathsOf(at) : [[name.schemaname]]) {
    const first = path
      .map((schema) => at.catalogue.relations.get(schema)?.get(relname))
      .find((one) => one !== undefined);
    if (first === undefined) missing = true;
    else found.add(first);
  }
  return { relations: [...found], unknown: made || (missing && found.size === 0) };
}

/** https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH: pg_catalog comes first where it is not named. */
export function pathsOf(at: ReadingContext): readonly (readonly string[])[] {
  const paths = at.paths.length > 0 ? at.paths : [at.catalogue.path];
  return paths.map((path) => (path.includes('pg_catalog') ? path : ['pg_catalog', ...path]));
}

function temporary(catalogue: Catalogue, name: string): Relation[] {
  const schemas = [...catalogue.relations].filter(([schema]) => schema.startsWith('pg_temp_'));
  return schemas.flatMap(([, relations]) => relations.get(name) ?? []);
}

/** The shape of what a name stands for; what is below it is noted as read, or as written too. */
export function shapeOf(name: RangeVar, scope: Scope, does: 'read' | 'write'): Shape {
  const { relations, unknown } = candidates(name, scope.at);
  const label = name.schemaname === undefined ? (name.relname ?? '') : `${name.schemaname}.${name.relname}`;
  const shapes = relations.map((relation) => readShape(relation, name.inh === true, scope, does));
  if (unknown) {
    scope.facts.relation(label, does);
    shapes.push({ fields: [], open: `the relation ${label} is not in the catalogue` });
  }
  return oneOf(shapes, `${label} may be any of several relations`);
}

function readShape(relation: Relation, inherits: boolean, scope: Scope, does: 'read' | 'write'): Shape {
  const known = knownOf(relation, inherits, scope.at.catalogue);
  scope.facts.relation(canonical(relation), does);
  for (const name of known.below) scope.facts.relation(name, does);
  for (const column of known.depends) scope.facts.columns.add(column);
  scope.facts.opaque ??= known.opaque;
  scope.facts.foreign ??= known.foreign;
  return known.shape;
}

/** The columns of one relation that is known by itself, as a row type is. */
export function columnsOf(relation: Relation, catalogue: Catalogue): Shape {
  return knownOf(relation, true, catalogue).shape;
}

function knownOf(relation: Relation, inherits: boolean, catalogue: Catalogue): Known {
  const { known } = indexOf(catalogue);
  const key = `${relation.oid}${inherits ? '' : ' only'}`;
  const had = known.get(key);
  if (had !== undefined) return had;
  // A view that leads back to itself meets this.
  known.set(key, {
    shape: { fields: [], open: `${canonical(relation)} goes round` },
    below: [],
    depends: new Set(),
    opaque: undefined,
    foreign: undefined,
  });
  const made = relation.definition === undefined ? table(relation, inherits, catalogue) : view(relation, catalogue);
  known.set(key, made);
  return made;
}

function table(relation: Relation, inherits: boolean, catalogue: Catalogue): Known {
  const family = [relation, ...ancestors(relation, catalogue), ...(inherits ? descendants(relation, catalogue) : [])];
  const plain = relation.columns.map((column): Field => {
    const named = family.filter((one) => one.columns.some(({ name }) => name === column.name));
    const names = named.map((one) => `${canonical(one)}.${column.name}`);
    return { name: column.name, flow: held(names, column.type, relation, catalogue) };
  });
  const below = family.slice(1).map(canonical);
  const facts = new Facts();
  const fields = plain.map((field, i) => generated(field, relation.columns[i]?.generated, plain, catalogue, facts));
  if ((relation.kind === 'v' || relation.kind === 'm') && !relation.builtin) {
    const open = `the definition of ${canonical(relation)} is not known`;
    return {
      shape: { fields: fields.map((field) => ({ ...field, flow: { ...field.flow, exact: false, opaque: open } })) },
      below,
      depends: new Set(),
      opaque: open,
      foreign: undefined,
    };
  }
  return { shape: { fields }, below, depends: new Set(), opaque: undefined, foreign: facts.foreign };
}

/** A generated column is what its expression makes of the others. */
function generated(
  field: Field,
  text: string | undefined,
  others: readonly Field[],
  catalogue: Catalogue,
  facts: Facts,
): Field {
  if (text === undefined) return field;
  const item: Item = { name: undefined, schemas: [], shape: { fields: others }, system: true, bare: true };
  const scope: Scope = {
    up: undefined,
    items: [item],
    ctes: new Map(),
    at: { catalogue, paths: [['pg_catalog']] },
    facts,
  };
  const shape = readText(`SELECT ${text}`, scope, `the expression of ${field.name}`);
  return {
    name: field.name,
    flow: unplaced(mix([field.flow, shape.fields[0]?.flow ?? opaque(shape.open ?? 'it is not understood')])),
  };
}

/** Constants of the catalogue's texts are not in the command's. */
const unplaced = (flow: Flow): Flow => ({ ...flow, constants: new Set(), parameters: new Set() });

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

function held(names: readonly string[], type: number, relation: Relation, catalogue: Catalogue): Flow {
  const flow = columnFlow(names, type);
  const column = names[0]?.slice(canonical(relation).length + 1) ?? '';
  if (relation.builtin && COPIES.get(relation.name)?.test(column))
    return { ...flow, exact: false, opaque: `${names[0]} holds copies of values` };
  if (relation.kind !== 't') return flow;
  const owner = catalogue.byOid.get(Number(/^pg_toast_(\d+)$/.exec(relation.name)?.[1]));
  if (owner === undefined)
    return { ...flow, exact: false, opaque: `${canonical(relation)} holds another relation's values` };
  return {
    ...flow,
    exact: false,
    columns: new Set([...names, ...owner.columns.map(({ name }) => `${canonical(owner)}.${name}`)]),
  };
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

function view(relation: Relation, catalogue: Catalogue): Known {
  const facts = new Facts();
  const found = defined(relation, catalogue, facts);
  const fits = found.open !== undefined || found.fields.length === relation.columns.length;
  const shape = fits ? found : { fields: [], open: `the definition of ${canonical(relation)} is not understood` };
  const fields = relation.columns.map((column, i): Field => {
    const flow = shape.fields[i]?.flow ?? opaque(shape.open ?? '');
    const columns = new Set([`${canonical(relation)}.${column.name}`, ...flow.columns]);
    const row = flow.row;
    return {
      name: column.name,
      flow: {
        columns,
        exact: flow.exact,
        type: column.type,
        opaque: flow.opaque ?? shape.open,
        constants: new Set(),
        parameters: new Set(),
        row,
      },
    };
  });
  const below = [...new Set([...facts.relations.values()].map((use) => use.name))];
  return { shape: { fields }, below, depends: facts.columns, opaque: facts.opaque, foreign: facts.foreign };
}

/** What a definition gives. The names in it are qualified, but for those of the system. */
function defined(relation: Relation, catalogue: Catalogue, facts: Facts): Shape {
  const scope: Scope = { up: undefined, items: [], ctes: new Map(), at: { catalogue, paths: [['pg_catalog']] }, facts };
  return readText(relation.definition ?? '', scope, `the definition of ${canonical(relation)}`);
}

function readText(text: string, scope: Scope, what: string): Shape {
  try {
    const node = parse(text, 'any')[0]?.node;
    return node === undefined ? { fields: [], open: `${what} is empty` } : command(node, scope);
  } catch {
    return { fields: [], open: `${what} cannot be read` };
  }
}
