import type { RangeVar } from 'libpg-query';
import type { Catalogue, Relation } from '../catalogue.js';

import type { Made, MadeColumn, ReadingContext } from '../context.js';

import { isSchema, isTemporary } from '../names.js';
import { spend } from '../steps.js';

import { anything, type Field, FREE, merged, oneOf, type Shape } from './flow.js';

import { canonical, knownOf } from './known.js';
import type { Scope } from './scope.js';

export interface Candidates {
  relations: readonly Relation[];
  /** It may stand for one that the catalogue does not have. */
  unknown: boolean;
  /** That one, as far as it is known: a new table of plain columns, or columns that have come to one of `relations`. */
  fresh: readonly NonNullable<Made['as']>[];
  added: readonly MadeColumn[];
}

/** The relations that a name may stand for. */
export function candidates(name: RangeVar, at: ReadingContext): Candidates {
  const relname = name.relname ?? '';
  spend((at.made?.length ?? 0) / 32);
  const made = at.made?.filter((one) => one.name === relname) ?? [];
  const isPlain = made.every(({ as, adds }) => as !== undefined || adds !== undefined);
  // Which temporary ones are this session's cannot be told; they come before all others.
  const qualified = name.schemaname !== undefined && !isTemporary(name.schemaname);
  const found = new Set<Relation>(qualified ? [] : temporary(at.catalogue, relname));
  let missing = false;
  for (const path of name.schemaname === undefined ? pathsOf(at) : [[name.schemaname]]) {
    const first = firstIn(path, relname, at.catalogue);
    if (first === undefined) missing = true;
    else found.add(first);
  }
  const fresh = made.flatMap((one) => (one.as !== undefined && isWanted(name, one.as.schema) ? [one.as] : []));
  const added = made.flatMap(({ adds = [] }) => adds);
  const unknown = !isPlain || (missing && found.size === 0 && fresh.length === 0);
  return { relations: [...found], unknown, fresh: isPlain ? fresh : [], added: isPlain ? added : [] };
}

function firstIn(path: readonly string[], name: string, { relations }: Catalogue): Relation | undefined {
  for (const schema of path) {
    const found = relations.get(schema)?.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isWanted = ({ schemaname }: RangeVar, schema: string): boolean =>
  schemaname === undefined || isSchema(schemaname, schema);

/** A table as it was made in this session. */
function freshShape({ schema, columns }: NonNullable<Made['as']>, name: string, added: readonly MadeColumn[]): Shape {
  return { fields: merged([...columns, ...added].map((column) => fieldOf(`${schema}.${name}`, column))) };
}

const fieldOf = (table: string, { name, type }: MadeColumn): Field => ({
  name,
  flow: { ...FREE, columns: new Set([`${table}.${name}`]), exact: true, type },
});

/** The relation with what has come to it since, unless it shows that already. */
function grown(shape: Shape, table: string, added: readonly MadeColumn[]): Shape {
  const fresh = added.filter((column) => !shape.fields.some(({ name }) => name === column.name));
  return fresh.length === 0
    ? shape
    : { ...shape, fields: [...shape.fields, ...merged(fresh.map((column) => fieldOf(table, column)))] };
}

/** https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH: pg_catalog comes first where it is not named. */
export function pathsOf(at: ReadingContext): readonly (readonly string[])[] {
  const known = searched.get(at);
  if (known !== undefined) return known;
  const paths = at.paths.length > 0 ? at.paths : [at.catalogue.path];
  const all = paths.map((path) => (path.includes('pg_catalog') ? path : ['pg_catalog', ...path]));
  searched.set(at, all);
  return all;
}
const searched = new WeakMap<ReadingContext, readonly (readonly string[])[]>();

const temporaries = new WeakMap<Catalogue, readonly ReadonlyMap<string, Relation>[]>();

function temporary(catalogue: Catalogue, name: string): Relation[] {
  const schemas =
    temporaries.get(catalogue) ??
    [...catalogue.relations].flatMap(([schema, relations]) => (isTemporary(schema) ? [relations] : []));
  temporaries.set(catalogue, schemas);
  return schemas.flatMap((relations) => relations.get(name) ?? []);
}

/** The catalogue leaves these out. https://www.postgresql.org/docs/current/storage-toast.html */
const TOAST: Shape = {
  fields: [
    { name: 'chunk_id', flow: FREE },
    { name: 'chunk_seq', flow: FREE },
    { name: 'chunk_data', flow: anything("it reads a TOAST relation, which holds another's values") },
  ],
};

/** The shape of what a name stands for; what is below it is noted as read, or as written too. */
export function shapeOf(
  name: RangeVar,
  { relations, unknown, fresh, added }: Candidates,
  scope: Scope,
  does: 'read' | 'write',
): Shape {
  const label = name.schemaname === undefined ? (name.relname ?? '') : `${name.schemaname}.${name.relname}`;
  const shapes = relations.map((relation) =>
    grown(readShape(relation, name.inh === true, scope, does), canonical(relation), added),
  );
  for (const one of fresh) {
    scope.facts.relation(`${one.schema}.${name.relname}`, does);
    shapes.push(freshShape(one, name.relname ?? '', added));
  }
  if (unknown) {
    scope.facts.relation(label, does);
    const toast = name.schemaname?.startsWith('pg_toast') === true;
    shapes.push(toast ? TOAST : { fields: [], open: `the relation ${label} is not in the catalogue` });
  }
  return oneOf(shapes, `${label} may be any of several relations`);
}

function readShape(relation: Relation, inherits: boolean, scope: Scope, does: 'read' | 'write'): Shape {
  const known = knownOf(relation, inherits, scope.at);
  scope.facts.relation(canonical(relation), does);
  for (const name of known.below) scope.facts.relation(name, does);
  for (const column of known.depends) scope.facts.columns.add(column);
  scope.facts.opaque ??= known.opaque;
  scope.facts.foreign ??= known.foreign;
  return known.shape;
}
