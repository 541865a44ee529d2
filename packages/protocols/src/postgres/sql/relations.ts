import { traitOfSystemRelation } from './builtins.js';
import type { Relation } from './catalogue.js';
import { ROWS } from './names.js';
import { type Part, partsOf } from './nodes.js';
import { remember } from './remember.js';
import { callOid } from './routines.js';
import { readDefinition, readExpressions, readRule } from './texts.js';
import { compareOid, holdOid, touchOid } from './types.js';
import { type Desk, nameOf, schemaOf } from './walk.js';

/** How a command goes to a relation: `lock` is FOR UPDATE's, `empty` TRUNCATE's; `refresh` runs a materialized
 * view's definition again. */
export type Going = 'read' | 'write' | 'lock' | 'empty' | 'refresh';

/** The name means the session's own temporary table, or one of `kinds`; whatever is done to its rows is nobody's else. */
export function isOwn(desk: Desk, rel: Part, kinds: string = ROWS): boolean {
  const schema = schemaOf(desk, rel.schemaname);
  const name = String(rel.relname);
  const made = [...(desk.earlier?.get(name) ?? []), ...desk.facts.makes];
  const own = desk.names.isTemporary(schema, name, made, kinds);
  if (own && schema === undefined) desk.facts.own = true;
  return own;
}

/** Whatever it changes nobody else has seen: a table, or columns that it sets, put there a moment ago. */
export function changesNew(desk: Desk, part: Part, how: string): boolean {
  const rel = (part.relation ?? {}) as Part;
  const name = String(rel.relname);
  const made = [...(desk.earlier?.get(name) ?? []), ...desk.facts.makes];
  const found =
    desk.names.isNew(schemaOf(desk, rel.schemaname), name, made) || (how === 'update' && setsNew(desk, part));
  if (found) desk.facts.own = true;
  return found;
}

/** Nothing of the kind has that name, by a catalogue that is loaded for the question; `type`: an ObjectType. */
export function isAbsent(desk: Desk, type: string, [name = '', schema]: readonly string[]): boolean {
  const made = [...(desk.earlier?.get(name) ?? []), ...desk.facts.makes];
  const what = type.replace('OBJECT_', '');
  if (!desk.names.isAbsent(what, schemaOf(desk, schema), name)) return false;
  // What was made may have gone since.
  desk.facts.own = true;
  return !desk.names.isMade(name, made);
}

/** No relation that the name may stand for has the column, by such a catalogue. */
export function isColumnAbsent(desk: Desk, rel: Part, column: string): boolean {
  const name = String(rel.relname);
  const made = [...(desk.earlier?.get(name) ?? []), ...desk.facts.makes];
  const found = desk.names.relations(schemaOf(desk, rel.schemaname), name);
  const has = found.some(({ columns }) => columns.some((one) => one.name === column));
  if (has || found.length === 0 || desk.names.mayHave(name, column, made)) return false;
  desk.facts.own = true;
  return true;
}

function setsNew(desk: Desk, { relation, targetList }: Part): boolean {
  const rel = (relation ?? {}) as Part;
  const added = desk.names.columnsMade(String(rel.relname));
  const set = partsOf(targetList, 'ResTarget').map(({ name }) => String(name));
  const found = desk.names.relations(schemaOf(desk, rel.schemaname), String(rel.relname));
  const isNew = (name: string) =>
    added.includes(name) && !found.some(({ columns }) => columns.some((column) => column.name === name));
  return found.length > 0 && set.length > 0 && set.every(isNew);
}

/** All that the name may stand for, and what going there does. */
export function useRelations(desk: Desk, rel: Part, going: Going): void {
  const name = String(rel.relname);
  const schema = schemaOf(desk, rel.schemaname);
  const found = desk.names.relations(schema, name);
  for (const relation of found) useRelation(desk, relation, going);
  if (desk.names.madeOther(name)) desk.facts.doubt(`${nameOf(rel)} was made just now`);
  else if (found.length > 0) return;
  else if (desk.names.madeTable(name) || desk.facts.makes.some((made) => made.what === 'table' && made.name === name))
    useMade(desk, rel, going);
  else if (!isTransition(desk, name, schema)) desk.facts.miss(nameOf(rel), 'relation', rel.location);
}

/** A table as it was made in this session. */
function useMade(desk: Desk, rel: Part, going: Going): void {
  const { facts, names } = desk;
  if (!facts.use(nameOf(rel), going === 'read' ? 'read' : 'write')) return;
  const made = [...names.made(String(rel.relname)), ...facts.makes.filter(({ name }) => name === rel.relname)];
  for (const { type, of } of made.flatMap(({ as, adds = [] }) => [...(as?.columns ?? []), ...adds])) {
    if (of !== undefined && names.madeOther(of)) facts.doubt(`the type ${of} was changed just now`);
    if (type !== undefined) (going === 'read' ? holdOid : touchOid)(desk, type);
  }
}

/** In a trigger's function a name without schema may be of the rows that changed (REFERENCING NEW TABLE AS …). */
const isTransition = (desk: Desk, _name: string, schema: string | undefined): boolean =>
  desk.trigger === true && schema === undefined;

export function useRelation(desk: Desk, relation: Relation, wanted: Going): void {
  const going = desk.plans === true ? 'read' : wanted;
  const { facts } = desk;
  const name = `${relation.schema}.${relation.name}`;
  const writes = going !== 'read';
  if (!facts.use(name, writes ? 'write' : 'read')) return;
  if (relation.builtin) return useOfSystem(desk, relation, writes);
  for (const { type } of relation.columns) holdOid(desk, type);
  holdOid(desk, desk.names.rowTypeOf(relation));
  facts.add(
    remember(desk, `${going} ${relation.oid}`, (inner) =>
      writes ? change(inner, relation, going) : see(inner, relation, going),
    ),
  );
}

function useOfSystem({ facts }: Desk, { schema, name }: Relation, writes: boolean): void {
  const trait = traitOfSystemRelation(name);
  if (trait !== undefined) facts.mark(trait);
  // Whoever may write there writes roles, functions and settings (pg_settings has a rule that calls set_config).
  if (writes && schema !== 'information_schema') facts.raise('administer').mark('privileges', 'session', 'code');
  else if (writes) facts.raise('administer');
}

/** A view's definition runs in its place; a materialized one's rows are there already. Row policies and partitions go along. */
function see(desk: Desk, relation: Relation, going: Going): void {
  if (relation.kind === 'v' || going === 'refresh') readDefinition(desk, relation);
  readExpressions(desk, relation.onRead);
  for (const oid of relation.compares) callOid(desk, oid);
  for (const child of childrenOf(desk, relation)) useRelation(desk, child, 'read');
}

function change(desk: Desk, relation: Relation, going: Going): void {
  const { facts } = desk;
  see(desk, relation, going);
  facts.raise('write');
  if (relation.kind === 'v')
    for (const { name, does } of [...facts.uses.values()]) if (does === 'read') writeBase(desk, name, going);
  if (going !== 'lock') fire(desk, relation);
  for (const child of childrenOf(desk, relation)) useRelation(desk, child, going);
  const others = going === 'empty' ? [] : relation.cascades;
  if (going === 'write') for (const oid of others) useOid(desk, oid, 'write');
}

/** What a view shows may be written through it. */
function writeBase(desk: Desk, name: string, going: Going): void {
  const dot = name.indexOf('.');
  const base = desk.names.catalogue.relations.get(name.slice(0, dot))?.get(name.slice(dot + 1));
  if (base !== undefined && !base.builtin) useRelation(desk, base, going);
}

/** Triggers, rules, and the expressions that a write evaluates: what they do is the write's. */
function fire(desk: Desk, relation: Relation): void {
  for (const oid of relation.triggers) callOid(desk, oid);
  for (const { type } of relation.columns) touchOid(desk, type);
  readExpressions(desk, relation.onWrite);
  readIndexed(desk, relation);
  for (const rule of relation.rules) readRule(desk, rule);
}

/**
 * What keeps a table in order works out what is kept of its rows, and compares these. Where none is named, it does for all tables
 * what the server itself does now and then: what was put there to be run was judged as it was made.
 */
export function keepRows(desk: Desk, rel: Part | undefined): void {
  if (rel?.relname === undefined) return;
  for (const relation of desk.names.relations(schemaOf(desk, rel.schemaname), String(rel.relname)))
    desk.facts.add(remember(desk, `kept ${relation.oid}`, (inner) => keep(inner, relation)));
}

function keep(desk: Desk, relation: Relation): void {
  if (relation.builtin) return;
  readIndexed(desk, relation);
  for (const oid of relation.compares) callOid(desk, oid);
  for (const { type } of relation.columns) compareOid(desk, type);
  for (const child of childrenOf(desk, relation)) keep(desk, child);
}

const readIndexed = (desk: Desk, { indexed }: Relation): void =>
  readExpressions(
    desk,
    indexed.map(({ text }) => text),
  );

/** The same of one index, which may be of any table. */
export function keepIndex(desk: Desk, name: string): void {
  for (const { indexed } of desk.names.catalogue.byOid.values())
    for (const { of, text } of indexed) if (of === name) readExpressions(desk, [text]);
}

/** Every row is written anew, or held against what it has to fulfil. */
export function rewriteRows(desk: Desk, rel: Part): void {
  for (const relation of desk.names.relations(schemaOf(desk, rel.schemaname), String(rel.relname))) {
    if (relation.builtin) continue;
    keep(desk, relation);
    desk.facts.add(remember(desk, `rewrite ${relation.oid}`, (inner) => readExpressions(inner, relation.onWrite)));
  }
}

function useOid(desk: Desk, oid: number, going: Going): void {
  const relation = desk.names.catalogue.byOid.get(oid);
  if (relation === undefined) desk.facts.doubt('it writes to a relation that is not known');
  else useRelation(desk, relation, going);
}

/** TRUNCATE … CASCADE goes on to every table that refers to it. */
export function cascadeTruncate(desk: Desk, relation: Relation): void {
  for (const oid of relation.referencing) {
    const other = desk.names.catalogue.byOid.get(oid);
    if (other === undefined || desk.facts.uses.has(`write ${other.schema}.${other.name}`)) continue;
    useRelation(desk, other, 'empty');
    cascadeTruncate(desk, other);
  }
}

const children = new WeakMap<ReadonlyMap<number, Relation>, Map<number, Relation[]>>();

function childrenOf(desk: Desk, relation: Relation): readonly Relation[] {
  const { byOid } = desk.names.catalogue;
  let found = children.get(byOid);
  if (found === undefined) {
    found = new Map();
    for (const child of byOid.values()) {
      for (const parent of child.parents) found.set(parent, [...(found.get(parent) ?? []), child]);
    }
    children.set(byOid, found);
  }
  return found.get(relation.oid) ?? [];
}
