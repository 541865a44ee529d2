import type { MadeColumn } from './context.js';
import type { Part } from './nodes.js';
import { isOwn } from './relations.js';
import { type Desk, placedAt } from './walk.js';

/** The words of an ObjectType: OBJECT_MATVIEW is `materialized view`. */
export const objectOf = (type: unknown): string =>
  OBJECTS[String(type)] ?? String(type).replace('OBJECT_', '').replaceAll('_', ' ').toLowerCase();
const OBJECTS: Readonly<Record<string, string>> = {
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_FDW: 'foreign data wrapper',
  OBJECT_FOREIGN_SERVER: 'server',
  OBJECT_TSCONFIGURATION: 'text search configuration',
  OBJECT_TSDICTIONARY: 'text search dictionary',
  OBJECT_TSPARSER: 'text search parser',
  OBJECT_TSTEMPLATE: 'text search template',
  OBJECT_OPCLASS: 'operator class',
  OBJECT_OPFAMILY: 'operator family',
  OBJECT_TABCONSTRAINT: 'table',
  OBJECT_DOMCONSTRAINT: 'domain',
  OBJECT_COLUMN: 'table',
  OBJECT_ATTRIBUTE: 'type',
};

/** A relation that is new. */
export function made(desk: Desk, rel: unknown, what: 'table' | 'other', columns?: readonly MadeColumn[]): undefined {
  const part = (rel ?? {}) as Part;
  if (part.relname === undefined) return;
  for (const name of desk.names.creations(part)) desk.facts.use(name, 'define');
  desk.facts.makes.push({ what, name: String(part.relname), ...placedAt(desk, part, columns) });
}

/** A relation that is there already, by its full name. */
export function changed(desk: Desk, rel: unknown, what?: 'table' | 'other', adds?: readonly MadeColumn[]): undefined {
  const part = (rel ?? {}) as Part;
  if (part.relname === undefined) return;
  const found = desk.names.relations(part.schemaname as string | undefined, String(part.relname));
  const temporary = what === 'table' && isOwn(desk, part) && { temporary: true as const };
  for (const { schema, name } of found) desk.facts.use(`${schema}.${name}`, 'define');
  if (found.length === 0) for (const name of desk.names.creations(part)) desk.facts.use(name, 'define');
  if (found.some(({ builtin }) => builtin)) desk.facts.raise('administer').mark('privileges');
  if (what !== undefined)
    desk.facts.makes.push({ what, name: String(part.relname), ...(adds !== undefined && { adds }), ...temporary });
}

/** What goes by one name, whatever it is. */
export function named(desk: Desk, name: readonly string[]): undefined {
  const last = name.at(-1);
  if (last !== undefined) desk.facts.makes.push({ what: 'other', name: last });
}

/** All that a schema holds goes with it, or has another name from now on. */
export function emptied(desk: Desk, schema: string): void {
  const { relations, functions, types } = desk.names.catalogue;
  for (const name of relations.get(schema)?.keys() ?? []) {
    desk.facts.use(`${schema}.${name}`, 'define');
    desk.facts.makes.push({ what: 'other', name });
  }
  for (const named of [functions, types]) {
    for (const [name, these] of named)
      if (these.some((one) => one.schema === schema)) desk.facts.makes.push({ what: 'other', name });
  }
}

/** As a RangeVar. */
export const relOf = (name: readonly string[]): Part => ({
  relname: name.at(-1),
  ...(name.length > 1 ? { schemaname: name.at(-2) } : {}),
});
