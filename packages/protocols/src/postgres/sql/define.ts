import type { StatementClass, Trait } from '@hoop/core';
import type { Node } from 'libpg-query';
import { alterTable } from './alter.js';
import { plainColumns } from './columns.js';
import { commandOf, mention, valuesOf } from './commands.js';
import { drop, RELATIONS } from './drop.js';
import { Facts } from './facts.js';
import { losesWrites } from './losses.js';
import { changed, emptied, made, named, objectOf, relOf } from './makes.js';
import { as, listOf, type Part, partsOf, word, words } from './nodes.js';
import { keepIndex, keepRows } from './relations.js';
import { callNamed, readBody } from './routines.js';
import { judgeSetting } from './settings.js';
import { type Desk, inside, type Scope } from './walk.js';

interface Rule {
  kind: string;
  class?: StatementClass;
  traits?: readonly Trait[];
  /** Which fields hold expressions and queries that are run as part of it. */
  runs?: readonly string[];
}

const administer = (kind: string, ...traits: Trait[]): Rule => ({ kind, class: 'administer', traits });
const defines = (kind: string, ...traits: Trait[]): Rule => ({ kind, traits });

/** Commands that change what there is, and not its rows. https://www.postgresql.org/docs/current/sql-commands.html */
const RULES: Readonly<Record<string, Rule>> = {
  CreateStmt: { kind: 'create table', runs: ['tableElts', 'constraints', 'partspec', 'inhRelations', 'partbound'] },
  AlterTableStmt: { kind: 'alter table' },
  IndexStmt: { kind: 'create index', runs: ['indexParams', 'whereClause'] },
  CreateSchemaStmt: defines('create schema'),
  ViewStmt: defines('create view'),
  RuleStmt: defines('create rule'),
  CreateTrigStmt: defines('create trigger'),
  CreateFunctionStmt: defines('create function'),
  AlterFunctionStmt: defines('alter function'),
  CreateSeqStmt: defines('create sequence'),
  AlterSeqStmt: defines('alter sequence'),
  CreateDomainStmt: { kind: 'create domain', runs: ['constraints', 'typeName'] },
  AlterDomainStmt: { kind: 'alter domain', runs: ['def'] },
  CompositeTypeStmt: { kind: 'create type', runs: ['coldeflist'] },
  CreateEnumStmt: defines('create type'),
  CreateRangeStmt: defines('create type'),
  AlterEnumStmt: defines('alter type'),
  AlterTypeStmt: defines('alter type'),
  CreateStatsStmt: { kind: 'create statistics', runs: ['exprs'] },
  AlterStatsStmt: defines('alter statistics'),
  DefineStmt: defines('create'),
  CreateCastStmt: defines('create cast'),
  // From now on texts are read by it, or the server calls by itself what somebody wrote.
  CreateConversionStmt: administer('create conversion', 'session'),
  CreateTransformStmt: administer('create transform', 'code', 'privileges'),
  CreateOpClassStmt: administer('create operator class', 'code', 'privileges'),
  CreateOpFamilyStmt: administer('create operator family', 'privileges'),
  AlterOpFamilyStmt: administer('alter operator family', 'code', 'privileges'),
  AlterOperatorStmt: defines('alter operator'),
  AlterCollationStmt: defines('alter collation'),
  AlterTSDictionaryStmt: defines('alter text search dictionary'),
  AlterTSConfigurationStmt: defines('alter text search configuration'),
  RenameStmt: defines('rename'),
  AlterObjectSchemaStmt: defines('set schema'),
  AlterObjectDependsStmt: defines('alter depends'),
  AlterOwnerStmt: defines('owner to', 'privileges'),
  CommentStmt: defines('comment'),
  DropStmt: defines('drop'),
  CreatePolicyStmt: defines('create policy', 'privileges'),
  AlterPolicyStmt: defines('alter policy', 'privileges'),
  GrantStmt: administer('grant', 'privileges'),
  GrantRoleStmt: administer('grant', 'privileges'),
  AlterDefaultPrivilegesStmt: administer('alter default privileges', 'privileges'),
  CreateRoleStmt: administer('create role', 'privileges'),
  AlterRoleStmt: administer('alter role', 'privileges'),
  AlterRoleSetStmt: administer('alter role', 'privileges', 'session'),
  DropRoleStmt: administer('drop role', 'privileges', 'destroys'),
  DropOwnedStmt: administer('drop owned', 'privileges', 'destroys'),
  ReassignOwnedStmt: administer('reassign owned', 'privileges'),
  SecLabelStmt: administer('security label', 'privileges'),
  CreatedbStmt: administer('create database', 'privileges'),
  DropdbStmt: administer('drop database', 'destroys'),
  AlterDatabaseStmt: administer('alter database', 'privileges'),
  AlterDatabaseRefreshCollStmt: administer('alter database'),
  AlterDatabaseSetStmt: administer('alter database', 'session'),
  AlterSystemStmt: administer('alter system', 'session', 'server-files'),
  CreateTableSpaceStmt: administer('create tablespace', 'server-files'),
  DropTableSpaceStmt: administer('drop tablespace', 'destroys'),
  AlterTableSpaceOptionsStmt: administer('alter tablespace'),
  AlterTableMoveAllStmt: administer('alter table'),
  CreateExtensionStmt: administer('create extension', 'code', 'server-files'),
  AlterExtensionStmt: administer('alter extension', 'code', 'server-files'),
  AlterExtensionContentsStmt: administer('alter extension'),
  CreatePLangStmt: administer('create language', 'code', 'privileges'),
  CreateAmStmt: administer('create access method', 'code', 'privileges'),
  CreateEventTrigStmt: administer('create event trigger', 'code', 'privileges'),
  AlterEventTrigStmt: administer('alter event trigger', 'privileges'),
  CreateFdwStmt: administer('create foreign data wrapper', 'server-files'),
  AlterFdwStmt: administer('alter foreign data wrapper', 'server-files'),
  CreateForeignServerStmt: administer('create server', 'server-files'),
  AlterForeignServerStmt: administer('alter server', 'server-files'),
  CreateForeignTableStmt: administer('create foreign table', 'server-files'),
  CreateUserMappingStmt: administer('create user mapping', 'server-files'),
  AlterUserMappingStmt: administer('alter user mapping', 'server-files'),
  DropUserMappingStmt: administer('drop user mapping', 'server-files', 'destroys'),
  ImportForeignSchemaStmt: administer('import foreign schema', 'server-files'),
  CreatePublicationStmt: administer('create publication', 'privileges'),
  AlterPublicationStmt: administer('alter publication', 'privileges'),
  CreateSubscriptionStmt: administer('create subscription', 'server-files', 'privileges'),
  AlterSubscriptionStmt: administer('alter subscription', 'server-files'),
  DropSubscriptionStmt: administer('drop subscription', 'server-files', 'destroys'),
  LoadStmt: administer('load', 'server-files', 'code'),
  CheckPointStmt: administer('checkpoint'),
  ClusterStmt: administer('cluster'),
  VacuumStmt: administer('vacuum'),
  ReindexStmt: administer('reindex'),
};

export function define(desk: Desk, type: string, part: Part): string {
  const rule = isThereAlready(desk, type, part) ? { kind: 'create extension' } : RULES[type];
  if (rule === undefined) {
    desk.facts.doubt('it is a command that is not known');
    return 'unknown';
  }
  desk.facts.raise(rule.class ?? 'define').mark(...(rule.traits ?? []));
  for (const field of rule.runs ?? []) inside(desk, { [field]: part[field] }, undefined);
  return DETAILS[type]?.(desk, part) ?? rule.kind;
}

/** CREATE EXTENSION IF NOT EXISTS of one that is installed does nothing but say so. */
function isThereAlready({ names }: Desk, type: string, part: Part): boolean {
  const name = String(part.extname);
  const asked = type === 'CreateExtensionStmt' && part.if_not_exists === true;
  return asked && names.catalogue.extensions.has(name) && !names.madeOther(name);
}

const DETAILS: Readonly<Record<string, (desk: Desk, part: Part) => string | undefined>> = {
  CreateStmt: (desk, part) => made(desk, part.relation, 'table', plainColumns(desk, part)),
  IndexStmt: (desk, part) => {
    keepRows(desk, part.relation as Part);
    return changed(desk, part.relation);
  },
  CreateForeignTableStmt: (desk, part) => made(desk, (part.base as Part | undefined)?.relation, 'other'),
  CreateSeqStmt: (desk, part) => made(desk, part.sequence, 'table'),
  AlterSeqStmt: (desk, part) => changed(desk, part.sequence),
  CompositeTypeStmt: (desk, part) => made(desk, part.typevar, 'other'),
  AlterTableStmt: alterTable,
  ViewStmt: (desk, part) => {
    mention(desk, part.query as Node);
    return made(desk, part.view, 'other');
  },
  RuleStmt: (desk, part) => {
    if (losesWrites(desk, part)) desk.facts.mark('destroys');
    for (const action of listOf(part.actions)) mention(desk, action, OLD_AND_NEW);
    foresee(desk, (run) => {
      for (const action of listOf(part.actions)) commandOf(run, action, OLD_AND_NEW);
    });
    return made(desk, part.relation, 'other');
  },
  CreateTrigStmt: (desk, part) => {
    const { functions } = foresee(desk, (run) => callNamed({ ...run, trigger: true }, words(part.funcname), undefined));
    for (const name of functions) desk.facts.functions.add(name);
    if (part.replace === true && hasTrigger(desk, part)) desk.facts.mark('destroys', 'privileges');
    return made(desk, part.relation, 'other');
  },
  CreatePolicyStmt: (desk, part) => made(desk, part.table, 'other'),
  AlterPolicyStmt: (desk, part) => made(desk, part.table, 'other'),
  CreateFunctionStmt: (desk, part) => {
    named(desk, words(part.funcname));
    remade(desk, words(part.funcname));
    const path = functionOptions(desk, part.options, true);
    const runsUnasked = isTrigger(part) || (part.replace === true && isThere(desk, words(part.funcname)));
    const text = as(desk.own.node, 'CreateFunctionStmt') === part ? desk.own.text : undefined;
    if (runsUnasked && text !== undefined)
      foresee(desk, (run) => readBody({ ...under(run, path), trigger: true }, part, text, 'it'));
    else if (runsUnasked) desk.facts.unbounded = true;
    return part.is_procedure === true ? 'create procedure' : undefined;
  },
  AlterFunctionStmt: (desk, part) => {
    named(desk, words((part.func as Part | undefined)?.objname));
    remade(desk, words((part.func as Part | undefined)?.objname));
    functionOptions(desk, part.actions, false);
    return undefined;
  },
  DefineStmt: (desk, part) => {
    named(desk, words(part.defnames));
    remade(desk, words(part.defnames));
    defineOther(desk, part);
    return `create ${objectOf(part.kind)}`;
  },
  CreateDomainStmt: (desk, part) => named(desk, words(part.domainname)),
  AlterDomainStmt: (desk, part) => {
    if (part.subtype === 'X') desk.facts.mark('destroys');
    return named(desk, words(part.typeName));
  },
  CreateCastStmt: (desk, part) => {
    const names = [part.sourcetype, part.targettype].map((type) => words((type as Part | undefined)?.names));
    // What a type of the server's is by itself stays as it was.
    const own = names.filter((name) => !isOfServer(desk, name));
    for (const name of own.length > 0 ? own : names) named(desk, name);
    // Statements that nobody has changed are read otherwise from now on.
    if (part.context !== 'COERCION_EXPLICIT' && names.every((name) => isOfServer(desk, name)))
      desk.facts.mark('session');
    return undefined;
  },
  // Its values are words, and no function of anybody's makes them.
  CreateEnumStmt: (desk, part) =>
    void desk.facts.makes.push({ what: 'table', name: words(part.typeName).at(-1) ?? '', words: true }),
  CreateRangeStmt: (desk, part) => named(desk, words(part.typeName)),
  DropStmt: drop,
  RenameStmt: (desk, part) => moved(desk, part, 'renameType', 'rename'),
  AlterObjectSchemaStmt: (desk, part) => moved(desk, part, 'objectType', 'set schema'),
  AlterOwnerStmt: (_desk, part) => `alter ${objectOf(part.objectType)}`,
  GrantStmt: (desk, part) => {
    if (part.targtype === 'ACL_TARGET_OBJECT') for (const rel of partsOf(part.objects, 'RangeVar')) changed(desk, rel);
    return part.is_grant === true ? 'grant' : 'revoke';
  },
  GrantRoleStmt: (_desk, part) => (part.is_grant === true ? 'grant role' : 'revoke role'),
  VacuumStmt: (desk, part) => {
    const rels = partsOf(part.rels, 'VacuumRelation').map(({ relation }) => relation as Part);
    for (const rel of rels) changed(desk, rel);
    for (const rel of rels.length > 0 ? rels : [undefined]) keepRows(desk, rel);
    return part.is_vacuumcmd === true ? 'vacuum' : 'analyze';
  },
  ReindexStmt: (desk, part) => {
    const rel = part.relation as Part | undefined;
    if (part.kind === 'REINDEX_OBJECT_INDEX') keepIndex(desk, String(rel?.relname));
    else keepRows(desk, rel);
    return changed(desk, part.relation);
  },
  ClusterStmt: (desk, part) => {
    keepRows(desk, part.relation as Part | undefined);
    return changed(desk, part.relation);
  },
  CreateStatsStmt: (desk, part) => {
    for (const rel of partsOf(part.relations, 'RangeVar')) changed(desk, rel);
    return undefined;
  },
  AlterOperatorStmt: (desk, part) => {
    const name = words((part.opername as Part | undefined)?.objname);
    if (desk.names.operators(name.at(-2), name.at(-1) ?? '').length === 0) desk.facts.mark('session');
    return named(desk, name);
  },
  AlterTSDictionaryStmt: (desk, part) => {
    if (readsFile(part.options)) desk.facts.mark('server-files');
    return undefined;
  },
  CommentStmt: said,
  SecLabelStmt: said,
  CreateSchemaStmt: (desk, part) => {
    const { roletype, rolename } = (part.authrole ?? {}) as Part;
    if (roletype === 'ROLESPEC_CSTRING' && rolename !== desk.names.catalogue.user) desk.facts.mark('privileges');
    for (const element of listOf(part.schemaElts))
      for (const type in element) define(desk, type, (element as unknown as Record<string, Part>)[type] ?? {});
    return undefined;
  },
};
/** What CREATE names by one word for many kinds of things. */
function defineOther(desk: Desk, { kind, definition }: Part): void {
  if (kind === 'OBJECT_TSDICTIONARY' && readsFile(definition)) desk.facts.mark('server-files');
  const isBase = kind === 'OBJECT_TYPE' && listOf(definition).length > 0;
  if (kind === 'OBJECT_TSTEMPLATE' || kind === 'OBJECT_TSPARSER' || isBase)
    desk.facts.raise('administer').mark('code', 'privileges');
  if (kind === 'OBJECT_OPERATOR' && turnsSystems(desk, definition)) desk.facts.mark('session');
}

/** https://www.postgresql.org/docs/current/textsearch-dictionaries.html: what a dictionary's file says, it tells. */
const readsFile = (options: unknown): boolean =>
  partsOf(options, 'DefElem').some(({ defname }) => /^(?:dictfile|afffile|synonyms|rules)$/i.test(String(defname)));

/** An operator of the server's gets one of a user's as its other way round. */
function turnsSystems(desk: Desk, definition: unknown): boolean {
  const options = partsOf(definition, 'DefElem');
  const namedBy = (wanted: RegExp): string[][] =>
    options.flatMap(({ defname, arg }) =>
      wanted.test(String(defname)) ? [words(as(arg, 'List')?.items ?? as(arg, 'TypeName')?.names)] : [],
    );
  const isSystems = (name: readonly string[]): boolean =>
    (name.length === 1 || name.at(-2) === 'pg_catalog') && desk.names.catalogue.systemOperators.has(name.at(-1) ?? '');
  return (
    namedBy(/^(?:left|right)arg$/i).every((name) => isOfServer(desk, name)) &&
    namedBy(/^(?:commutator|negator)$/i).some(isSystems)
  );
}

const hasTrigger = ({ names }: Desk, { relation, trigname }: Part): boolean => {
  const { schemaname, relname } = (relation ?? {}) as Part;
  const found = names.relations(schemaname as string | undefined, String(relname));
  return found.some(({ triggerNames }) => triggerNames.includes(String(trigname)));
};

/** Of a column the last word is its own name. */
function said(desk: Desk, part: Part): undefined {
  const name = words(as(part.object, 'List')?.items);
  const type = String(part.objtype);
  if (RELATIONS.test(type)) changed(desk, relOf(name));
  else if (type === 'OBJECT_COLUMN') changed(desk, relOf(name.slice(0, -1)));
}
const OLD_AND_NEW: Scope = {
  names: new Map<string, undefined>([
    ['old', undefined],
    ['new', undefined],
  ]),
  up: undefined,
};

/** What is made here runs unasked with later commands; what it does to all rows of a table is asked now, too. */
function foresee(desk: Desk, look: (run: Desk) => void): Facts {
  const facts = new Facts();
  look({ ...desk, facts });
  desk.facts.unbounded ||= facts.unbounded;
  return facts;
}
const isTrigger = ({ returnType }: Part): boolean =>
  /trigger$/.test(words((returnType as Part | undefined)?.names).at(-1) ?? '');
const isOfServer = ({ names }: Desk, name: readonly string[]): boolean =>
  names.types(name.at(-2), name.at(-1) ?? '').some(({ builtin }) => builtin);
const isThere = ({ names }: Desk, name: readonly string[]): boolean =>
  names.routines(name.at(-2), name.at(-1) ?? '').some(({ builtin }) => !builtin);

/** What came with the server is taken for what it is; made anew, it would be read wrongly from then on. */
function remade({ facts, names }: Desk, name: readonly string[]): void {
  const schema = name.at(-2);
  if (schema === undefined ? names.makesSystems : schema === 'pg_catalog') facts.mark('session');
}

const UNTRUSTED = /^(?:c|internal|\w+u)$/i;

/** Answers the search_path that it gives the function. */
function functionOptions(desk: Desk, options: unknown, creates: boolean): readonly string[] | undefined {
  let path: readonly string[] | undefined;
  for (const node of listOf(options)) {
    const { defname, arg } = as(node, 'DefElem') ?? {};
    // What is leakproof is shown rows that their policies hide.
    if (/^(?:security|leakproof)$/.test(String(defname)) && as(arg, 'Boolean')?.boolval === true)
      desk.facts.mark('privileges');
    if (defname === 'language' && creates && UNTRUSTED.test(word(arg) ?? ''))
      desk.facts.raise('administer').mark('server-files', 'code');
    if (defname === 'set') path = settled(desk, as(arg, 'VariableSetStmt') ?? {}) ?? path;
  }
  return path;
}

/** A setting is the function's from now on, for whoever calls it. Its search_path is in force wherever its body is read. */
function settled(desk: Desk, { kind, name, args }: Part): readonly string[] | undefined {
  if (kind !== 'VAR_SET_VALUE') return undefined;
  const values = valuesOf(listOf(args));
  if (String(name).toLowerCase() === 'search_path') return values;
  if (!judgeSetting(String(name), values).harmless) desk.facts.mark('session');
  return undefined;
}

const under = (desk: Desk, path: readonly string[] | undefined): Desk =>
  path === undefined ? desk : { ...desk, names: desk.names.under(path) };

function moved(desk: Desk, part: Part, field: string, how: string): string {
  const object = part.object as Node | undefined;
  const name = words(
    as(object, 'List')?.items ?? as(object, 'ObjectWithArgs')?.objname ?? as(object, 'TypeName')?.names,
  );
  // A column by another name runs nothing of itself.
  const column = part.renameType === 'OBJECT_COLUMN' && part.relationType === 'OBJECT_TABLE';
  if (part.renameType === 'OBJECT_SCHEMA') emptied(desk, String(part.subname));
  else if (part.relation !== undefined) changed(desk, part.relation, column ? 'table' : 'other');
  else named(desk, name);
  if (part.newschema === 'pg_catalog' || name.at(-2) === 'pg_catalog') remade(desk, ['pg_catalog', '']);
  if (typeof part.newname === 'string' && !column) desk.facts.makes.push({ what: 'other', name: part.newname });
  if (part.renameType === 'OBJECT_ROLE' || part.renameType === 'OBJECT_DATABASE')
    desk.facts.raise('administer').mark('privileges');
  return how === 'rename' || how === 'set schema' ? `alter ${objectOf(part[field])}` : how;
}
