import type { StatementClass, Trait } from '@hoop/core';
import type { Node } from 'libpg-query';
import { quoted } from './defaults.js';
import { define } from './define.js';
import { Facts } from './facts.js';
import { as, constant, listOf, open, type Part, word } from './nodes.js';
import { parseNamed } from './parse.js';
import { cascadeTruncate, isOwn, useRelations } from './relations.js';
import { readBody, setTo } from './routines.js';
import { commands } from './texts.js';
import { type Desk, fill, inside, makeInto, type Scope, visit, walk } from './walk.js';

/** What a command does, added to the desk's facts. Answers its kind in the language's words. */
export function commandOf(desk: Desk, node: Node | undefined, scope?: Scope): string {
  const [type, part] = open(node);
  const own = COMMANDS[type];
  const kind = own === undefined ? define(desk, type, part) : own(desk, part, scope);
  if (desk.plans !== true) desk.facts.runs.add(kind);
  return kind;
}

type Act = (desk: Desk, part: Part, scope: Scope | undefined) => string;

/** Of a command that goes by its kind alone. */
const plain =
  (kind: string, level: StatementClass = 'read', ...traits: Trait[]): Act =>
  ({ facts }) => {
    facts.raise(level).mark(...traits);
    return kind;
  };
const query =
  (type: string, kind: string): Act =>
  (desk, part, scope) => {
    visit(desk, type, part, scope);
    return kind;
  };

const COMMANDS: Readonly<Record<string, Act>> = {
  SelectStmt: (desk, part, scope) => {
    visit(desk, 'SelectStmt', part, scope);
    if (part.intoClause !== undefined) return 'select into';
    return part.valuesLists === undefined ? 'select' : 'values';
  },
  InsertStmt: query('InsertStmt', 'insert'),
  UpdateStmt: query('UpdateStmt', 'update'),
  DeleteStmt: query('DeleteStmt', 'delete'),
  MergeStmt: query('MergeStmt', 'merge'),
  ReturnStmt: query('ReturnStmt', 'return'),
  CopyStmt: copy,
  ExplainStmt: explain,
  PrepareStmt: (desk, part, scope) => {
    const { hangs } = desk.facts;
    commandOf({ ...desk, given: undefined }, part.query as Node, scope);
    // Whoever executes it gives its parameters.
    desk.facts.hangs = hangs;
    inside(desk, { argtypes: part.argtypes }, scope);
    return 'prepare';
  },
  ExecuteStmt: (desk, part, scope) => {
    const given = part.params === undefined ? desk.given : listOf(part.params);
    runNamed({ ...desk, given }, 'prepared', String(part.name));
    inside(desk, { params: part.params }, scope);
    return 'execute';
  },
  DeclareCursorStmt: (desk, part, scope) => {
    commandOf(desk, part.query as Node, scope);
    return 'declare cursor';
  },
  FetchStmt: (desk, part) => {
    runNamed({ ...desk, given: undefined }, 'cursors', String(part.portalname ?? ''));
    return part.ismove === true ? 'move' : 'fetch';
  },
  ClosePortalStmt: plain('close'),
  DeallocateStmt: plain('deallocate'),
  CallStmt: (desk, part, scope) => {
    visit(desk, 'FuncCall', (part.funccall ?? {}) as Part, scope);
    return 'call';
  },
  DoStmt: (desk, part) => {
    readBody(desk, { options: part.args }, deparsedDo(part), 'this block', 'plpgsql');
    return 'do';
  },
  CreateTableAsStmt: makeAs,
  RefreshMatViewStmt: (desk, { relation, skipData }) => {
    useRelations(desk, relation as Part, 'refresh');
    desk.facts.raise('write');
    if (skipData === true) desk.facts.mark('destroys');
    return 'refresh materialized view';
  },
  TruncateStmt: truncate,
  LockStmt: (desk, part) => {
    for (const node of listOf(part.relations)) useRelations(desk, as(node, 'RangeVar') ?? {}, 'read');
    // ACCESS SHARE keeps nobody from reading or writing.
    if (part.mode !== 1) desk.facts.raise('write');
    return 'lock table';
  },
  VariableSetStmt: set,
  VariableShowStmt: plain('show'),
  DiscardStmt: plain('discard'),
  ConstraintsSetStmt: plain('set constraints'),
  TransactionStmt: (desk, part) => {
    const kind = String(part.kind).replace('TRANS_STMT_', '').replaceAll('_', ' ').toLowerCase();
    // A prepared transaction outlives its session, and locks what it wrote until somebody ends it.
    if (/prepare/.test(kind)) desk.facts.raise('write');
    if (kind === 'start') return 'begin';
    return kind === 'prepare' ? 'prepare transaction' : kind;
  },
  ListenStmt: plain('listen'),
  UnlistenStmt: plain('unlisten'),
  NotifyStmt: plain('notify', 'write'),
};

/** The parser of PL/pgSQL wants a whole DO. */
function deparsedDo(part: Part): string {
  const body = listOf(part.args)
    .map((node) => as(node, 'DefElem'))
    .find((option) => option?.defname === 'as');
  return `DO ${quoted(word(body?.arg) ?? '')}`;
}

/** Every text that the name may stand for; what it prepared or declared is run in its place. */
function runNamed(desk: Desk, kind: 'prepared' | 'cursors', name: string): void {
  desk.facts.executes.add(name);
  const texts = desk.textsOf(kind, name);
  if (texts === undefined || desk.depth > 8) {
    if (texts === undefined && kind === 'prepared')
      desk.facts.fail('26000', `prepared statement "${name}" does not exist`);
    else if (texts === undefined) desk.facts.fail('34000', `cursor "${name}" does not exist`);
    desk.facts.doubt(`what ${kind === 'prepared' ? 'the prepared statement' : 'the cursor'} ${name} runs is not known`);
    return;
  }
  for (const text of texts) {
    for (const { node } of commands(desk, text, name, parseNamed)) {
      const inner = as(node, 'PrepareStmt') ?? as(node, 'DeclareCursorStmt');
      const run = inner === undefined ? node : (inner.query as Node);
      commandOf({ ...desk, depth: desk.depth + 1 }, run);
    }
  }
}

function explain(desk: Desk, part: Part, scope: Scope | undefined): string {
  desk.facts.mark('explains');
  commandOf(analyzes(part.options) ? desk : { ...desk, plans: true }, part.query as Node, scope);
  return 'explain';
}

/** By the options of EXPLAIN, it runs what it explains. */
export const analyzes = (options: unknown): boolean =>
  listOf(options).some((node) => {
    const option = as(node, 'DefElem');
    return option?.defname === 'analyze' && !/^(?:off|false|0|no)$/i.test(constant(option.arg) ?? numberOf(option.arg));
  });
const numberOf = (node: unknown): string => {
  const part = as(node, 'Integer');
  return part === undefined ? 'true' : String(part.ival ?? 0);
};

function copy(desk: Desk, part: Part, scope: Scope | undefined): string {
  const { facts } = desk;
  const files = part.is_program === true || part.filename !== undefined;
  if (files) facts.raise('administer').mark('server-files');
  if (part.query !== undefined) commandOf(desk, part.query as Node, scope);
  if (part.relation !== undefined) useRelations(desk, part.relation as Part, part.is_from === true ? 'write' : 'read');
  if (part.is_from === true) facts.raise('write');
  walk(desk, part.whereClause as Node | undefined, scope);
  return part.is_from === true ? 'copy from' : 'copy to';
}

function makeAs(desk: Desk, part: Part, scope: Scope | undefined): string {
  const into = (part.into ?? {}) as Part;
  commandOf(into.skipData === true ? { ...desk, plans: true } : desk, part.query as Node, scope);
  makeInto(desk, into);
  fill(desk, into.rel as Part | undefined, part.query as Node, scope);
  if (part.objtype !== 'OBJECT_MATVIEW') return 'create table as';
  if (desk.plans !== true)
    desk.facts.makes.push({ what: 'other', name: String((into.rel as Part | undefined)?.relname) });
  return 'create materialized view';
}

function truncate(desk: Desk, part: Part): string {
  desk.facts.raise('write');
  for (const node of listOf(part.relations)) {
    const rel = as(node, 'RangeVar') ?? {};
    if (part.behavior === 'DROP_CASCADE' || !isOwn(desk, rel)) desk.facts.mark('destroys');
    useRelations(desk, rel, 'empty');
    if (part.behavior !== 'DROP_CASCADE') continue;
    const found = desk.names.relations(rel.schemaname as string | undefined, String(rel.relname));
    for (const relation of found) cascadeTruncate(desk, relation);
  }
  return 'truncate';
}

function set(desk: Desk, part: Part): string {
  const name = String(part.name ?? '');
  const args = listOf(part.args);
  if (part.kind === 'VAR_SET_MULTI') {
    for (const node of args) {
      const option = as(node, 'DefElem');
      if (option !== undefined) setTo(desk, String(option.defname), [constant(option.arg) ?? '']);
    }
    return name.startsWith('SESSION') ? 'set session characteristics' : 'set transaction';
  }
  if (part.kind === 'VAR_SET_VALUE') setTo(desk, name, valuesOf(args));
  else if (part.kind !== 'VAR_RESET_ALL') setTo(desk, name, []);
  return part.kind === 'VAR_RESET' || part.kind === 'VAR_RESET_ALL' ? 'reset' : 'set';
}

/** The words after `=`; undefined where they are not constants. */
export function valuesOf(args: readonly Node[]): string[] | undefined {
  const values = args.map(constant);
  return values.every((value) => typeof value === 'string') ? (values as string[]) : undefined;
}

/** What a definition mentions without running it: a view's query, a rule's actions. */
export function mention(desk: Desk, node: Node | undefined, scope?: Scope): void {
  const facts = new Facts();
  commandOf({ ...desk, facts, plans: true }, node, scope);
  for (const { name } of facts.uses.values()) desk.facts.use(name, 'read');
  for (const name of facts.functions) desk.facts.functions.add(name);
}
