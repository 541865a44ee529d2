import type { RangeVar } from 'libpg-query';
import type { Catalogue, Relation } from '../catalogue.js';
import type { ReadingContext } from '../context.js';
import { anything, FREE, oneOf, type Shape } from './flow.js';
import { canonical, knownOf } from './known.js';
import type { Scope } from './scope.js';

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

/** The catalogue leaves these out. https://www.postgresql.org/docs/current/storage-toast.html */
const TOAST: Shape = {
  fields: [
    { name: 'chunk_id', flow: FREE },
    { name: 'chunk_seq', flow: FREE },
    { name: 'chunk_data', flow: anything("it reads a TOAST relation, which holds another's values") },
  ],
};

/** The shape of what a name stands for; what is below it is noted as read, or as written too. */
export function shapeOf(name: RangeVar, scope: Scope, does: 'read' | 'write'): Shape {
  const { relations, unknown } = candidates(name, scope.at);
  const label = name.schemaname === undefined ? (name.relname ?? '') : `${name.schemaname}.${name.relname}`;
  const shapes = relations.map((relation) => readShape(relation, name.inh === true, scope, does));
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
