import type { CreateFunctionStmt, Node } from 'libpg-query';
import { deedUnread } from '../builtins.js';
import type { Routine } from '../catalogue.js';
import type { ReadingContext } from '../context.js';
import { namespaceOf } from '../namespace.js';
import { parse, parsePlPgSql } from '../parse.js';
import { splitPath } from '../settings.js';
import { unlessTooLong } from '../steps.js';
import { partsOf, type Text } from './blocks.js';
import { answer } from './commands.js';
import { evaluate } from './expression.js';
import { Facts } from './facts.js';
import { anything, type Field, type Flow, FREE, mix, opaque, type Shape, unplaced } from './flow.js';
import { Held } from './held.js';
import { canonical, keeping } from './known.js';
import { as, itemsOf, stringOf } from './nodes.js';
import type { Item, Scope } from './scope.js';

/** What a function's answer holds besides its arguments: each of its columns, and all that its body came by. */
export interface Given {
  readonly shape: Shape;
  readonly facts: Facts;
  /** Why it may hold anything. */
  readonly clause: string | undefined;
}

const NOTHING: Given = { shape: { fields: [] }, facts: new Facts(), clause: undefined };

/**
 * Functions of the server whose answer holds more than their arguments do: what a query or a name in a text leads to, files,
 * large objects, the log, what others have asked.
 */
const READERS =
  /^(?:(?:query|cursor|table|schema|database)_to_xml|ts_stat$|pg_read_|lo_get$|loread$|pg_logical_slot_|pg_stat_get_backend_activity$)/;
/** Of these it is in one of their columns. */
const LISTERS = /^(?:pg_stat_get_activity|pg_stat_statements)$/;
const LISTED = 'query';

export function givenBy(routine: Routine, scope: Scope): Given {
  if ((routine.builtin || routine.extension) && LISTERS.test(routine.name)) return lists(routine);
  if (routine.builtin)
    return READERS.test(routine.name) ? copies(`it calls ${routine.name}, which reads what is not named`) : NOTHING;
  if (routine.kind === 'a') return together(routine, scope);
  if (routine.language === 'internal' || (routine.extension && routine.language === 'c')) return unread(routine);
  return known(routine, scope);
}

/** Only who owns the server put it there; those that read more than they are given are known by name. */
function unread(routine: Routine): Given {
  const deed = deedUnread(routine);
  const reads = deed === undefined || deed.class !== 'read' || deed.traits.length > 0;
  return reads ? copies(`it calls ${canonical(routine)}, which may read anything`) : NOTHING;
}

const any = (clause: string): Given => ({ shape: { fields: [], open: clause }, facts: new Facts(), clause });

const copies = (clause: string): Given => ({
  shape: { fields: [{ name: '', flow: anything(clause) }], open: clause },
  facts: new Facts(),
  clause,
});

function lists(routine: Routine): Given {
  const asked = anything(`it calls ${routine.name}, which shows what others ask`);
  const fields = routine.outs.map(({ name }) => ({ name, flow: name === LISTED ? asked : FREE }));
  return { shape: { fields }, facts: new Facts(), clause: undefined };
}

/** An aggregate is what its functions are. */
function together(routine: Routine, scope: Scope): Given {
  const facts = new Facts();
  for (const oid of routine.calls) {
    const called = scope.at.catalogue.routineByOid.get(oid);
    const given =
      called === undefined ? any(`it calls ${canonical(routine)}, which is not known`) : givenBy(called, scope);
    facts.include(given.facts);
    facts.repeated(given.facts.attempts);
    if (given.clause !== undefined || given.facts.columns.size > 0)
      return { ...any(given.clause ?? `it calls ${canonical(routine)}, which reads tables`), facts };
  }
  return NOTHING;
}

/** Functions times search paths. */
const KEPT = 10_000;
const bodies = new WeakMap<ReadingContext['catalogue'], Map<string, Given>>();

function known(routine: Routine, scope: Scope): Given {
  const at = within(routine, scope.at);
  const all = bodies.get(at.catalogue) ?? new Map<string, Given>();
  bodies.set(at.catalogue, all);
  const key = `${routine.oid} ${namespaceOf(at)}`;
  const had = all.get(key);
  if (had !== undefined) return had;
  if (all.size >= KEPT) all.clear();
  // One that calls itself meets this.
  const meeting = any(`it calls ${canonical(routine)}, which goes round`);
  meeting.facts.round = true;
  all.set(key, meeting);
  return keeping(all, key, () => read(routine, at));
}

/** A function's own search_path is in force in its body. */
function within(routine: Routine, at: ReadingContext): ReadingContext {
  const own = routine.sets.find((setting) => setting.startsWith('search_path='));
  const path = own === undefined ? undefined : splitPath(own.slice('search_path='.length));
  return path === undefined ? unnamed(at) : { catalogue: at.catalogue, paths: [path], made: at.made };
}

const unnameds = new WeakMap<ReadingContext, ReadingContext>();

/** Without prepared statements and cursors: what is found out of a body is kept for all. */
function unnamed(at: ReadingContext): ReadingContext {
  const { catalogue, paths, made } = at;
  const known = unnameds.get(at) ?? { catalogue, paths, made };
  unnameds.set(at, known);
  return known;
}

function read(routine: Routine, at: ReadingContext): Given {
  const clause = `it calls ${canonical(routine)}, which may read anything`;
  try {
    const [command] = parse(routine.source ?? '');
    const made = as(command?.node, 'CreateFunctionStmt');
    if (made === undefined) return any(clause);
    const facts = new Facts();
    facts.takes = routine.takes;
    const shape =
      routine.language === 'sql'
        ? ofSql(made, bodyScope(routine.name, routine.inputs, at, facts, routine.takes))
        : routine.language === 'plpgsql'
          ? ofPlPgSql(routine.source ?? '', routine.inputs, canonical(routine), at, facts)
          : undefined;
    if (shape === undefined) return any(clause);
    if (facts.round) facts.repeated(facts.attempts);
    const fields = shape.fields.map((field) => ({ name: field.name, flow: unplaced(field.flow) }));
    return { shape: { ...shape, fields }, facts, clause: facts.opaque ?? shape.open };
  } catch (error) {
    unlessTooLong(error);
    return any(clause);
  }
}

/** What the defaults of a function's arguments come by and give; those of the server are constants. */
export function defaultsOf(routine: Routine, scope: Scope): { facts: Facts; flow: Flow } {
  const facts = new Facts();
  if (routine.builtin || (routine.extension && routine.language === 'c')) return { facts, flow: FREE };
  const clause = `it calls ${canonical(routine)} with defaults that cannot be read`;
  try {
    const made = as(parse(routine.source ?? '')[0]?.node, 'CreateFunctionStmt');
    if (made === undefined) return { facts, flow: opaque(clause) };
    // The server writes them out with their names in full, whatever search_path is in force.
    const inner = bodyScope(routine.name, [], scope.at, facts);
    const given = (made.parameters ?? []).flatMap((node) => as(node, 'FunctionParameter')?.defexpr ?? []);
    return { facts, flow: unplaced(mix(given.map((node) => evaluate(node, inner)))) };
  } catch (error) {
    unlessTooLong(error);
    return { facts, flow: opaque(clause) };
  }
}

/** Variables are free of columns by themselves: what the body puts into them counts for all that it gives. */
function bodyScope(
  whose: string,
  names: readonly string[],
  at: ReadingContext,
  facts: Facts,
  takes: readonly number[] = [],
  held?: Held,
): Scope {
  const given = names.filter((name) => name !== '');
  const fields = names.map((name, i) => ({
    name,
    flow: { ...FREE, ...held?.flowOf(name), type: plainType(takes[i], at) },
  }));
  // An input may be qualified by the function's own name.
  const rows = [
    ...given.map((name): Item => ({ ...BLANK, name, any: held?.flowOf(name) ?? FREE, parts: held?.partsOf(name) })),
    { ...BLANK, name: whose, any: held?.flowOfAll() ?? FREE },
  ];
  return { up: undefined, items: [{ ...BLANK, shape: { fields }, bare: true }, ...rows], ctes: new Map(), at, facts };
}

/** A type that a value has; not one that only says what may be given. */
export function plainType(oid: number | undefined, { catalogue }: ReadingContext): number | undefined {
  return oid !== undefined && (catalogue.typeByOid.get(oid)?.kind ?? 'p') !== 'p' ? oid : undefined;
}
const BLANK: Item = { name: undefined, schemas: [], shape: { fields: [] }, system: false, bare: false };

/** What the last command of the body answers. */
function ofSql(made: CreateFunctionStmt, scope: Scope): Shape {
  let last: Shape = { fields: [] };
  for (const node of commandsOf(made)) {
    const returned = as(node, 'ReturnStmt')?.returnval;
    last = returned === undefined ? answer(node, scope) : { fields: [{ name: '', flow: evaluate(returned, scope) }] };
    for (const field of last.fields) scope.facts.touch(field.flow);
  }
  return last;
}

function commandsOf(made: CreateFunctionStmt): readonly Node[] {
  if (made.sql_body !== undefined) return flat(made.sql_body);
  const option = (made.options ?? []).flatMap((node) => as(node, 'DefElem') ?? []).find((one) => one.defname === 'as');
  const text = stringOf(itemsOf(option?.arg)[0]);
  return parse(text ?? '').map((command) => command.node);
}

const flat = (node: Node): readonly Node[] =>
  (as(node, 'List')?.items ?? [node]).flatMap((one) => (one === node ? [one] : flat(one)));

/** What a trigger's function comes by, the rows among it, which are of these columns. Answers why it may be anything. */
export function rowsMoved(
  routine: Routine,
  fields: readonly Field[],
  at: ReadingContext,
  facts: Facts,
): string | undefined {
  const rows = ['new', 'old'].map((name): Item => ({ ...BLANK, name, shape: { fields } }));
  ofPlPgSql(routine.source ?? '', [], canonical(routine), within(routine, at), facts, rows);
  return facts.opaque;
}

/** What a trigger's function comes by besides the rows that it is given; it is run again for each of these. */
export function besidesRows(routine: Routine, at: ReadingContext): Facts {
  return madeBody(as(parse(routine.source ?? '')[0]?.node, 'CreateFunctionStmt') ?? {}, within(routine, at));
}

/** What the body of a function comes by that is being made, to be run unasked, and again and again; of unread ones, anything. */
export function madeBody(made: CreateFunctionStmt, at: ReadingContext): Facts {
  const facts = new Facts();
  facts.repeats = true;
  const option = (name: string) =>
    (made.options ?? []).flatMap((node) => as(node, 'DefElem') ?? []).find((one) => one.defname === name)?.arg;
  const language = stringOf(option('language'))?.toLowerCase() ?? 'sql';
  const names = (made.parameters ?? []).map((node) => as(node, 'FunctionParameter')?.name ?? '');
  const own = pathIn(made);
  const within = own === undefined ? at : { ...at, paths: [...at.paths, own] };
  try {
    if (language === 'sql') ofSql(made, bodyScope('', names, within, facts));
    else if (language === 'plpgsql') {
      const rows = ['new', 'old'].map((name): Item => ({ ...BLANK, name, any: FREE }));
      ofPlPgSql(whole(stringOf(itemsOf(option('as'))[0]) ?? '', 'trigger'), names, 'it', within, facts, rows);
    }
  } catch (error) {
    unlessTooLong(error);
    facts.touch(anything('it runs a body that cannot be read'));
  }
  return facts;
}

/** The search_path that a function is given: not in force yet, so names may also be those of the session's. */
function pathIn({ options = [] }: CreateFunctionStmt): string[] | undefined {
  const sets = options.flatMap((node) => as(as(node, 'DefElem')?.arg, 'VariableSetStmt') ?? []);
  const path = sets.find(({ name, kind }) => name?.toLowerCase() === 'search_path' && kind === 'VAR_SET_VALUE');
  return path?.args?.map((node) => as(node, 'A_Const')?.sval?.sval ?? '');
}

/** What the text of a DO comes by. */
export function ofBlock(text: string, language: string, at: ReadingContext): Facts {
  const facts = new Facts();
  facts.isBlock = true;
  const clause = 'it runs a block that cannot be read';
  try {
    if (language.toLowerCase() === 'plpgsql') ofPlPgSql(whole(text, 'void'), [], 'a block', at, facts);
    else facts.opaque = clause;
  } catch (error) {
    unlessTooLong(error);
    facts.opaque ??= clause;
  }
  return facts;
}

/** The parser wants a whole function; its quote is not in the text. */
function whole(text: string, returns: string): string {
  const quote = `$${'q'.repeat(text.length === 0 ? 1 : (text.match(/q+/g) ?? []).reduce((most, one) => Math.max(most, one.length), 0) + 1)}$`;
  return `CREATE FUNCTION f() RETURNS ${returns} LANGUAGE plpgsql AS ${quote}${text}${quote}`;
}

/** All that any of its commands and expressions comes by may be in what it gives. */
function ofPlPgSql(
  source: string,
  inputs: readonly string[],
  whose: string,
  at: ReadingContext,
  facts: Facts,
  rows: readonly Item[] = [],
): Shape {
  const parts = partsOf(parsePlPgSql(source));
  facts.isBody = true;
  facts.catches = parts.catches;
  facts.repeats ||= parts.repeats;
  const held = new Held(parts.others);
  // What a variable holds may go into another one, until all hold what they can.
  for (let had = -1; held.size > had && (had < 0 || facts.columns.size > 0); ) {
    had = held.size;
    facts.again();
    facts.control = held.control;
    const scope = bodyScope(whose.slice(whose.indexOf('.') + 1), [...parts.names, ...inputs], at, facts, [], held);
    scope.items.unshift(...rows);
    for (const text of parts.texts) held.take(text, ofText(text, scope), facts);
  }
  // Where it puts that is not followed.
  if (parts.strays) facts.store(anything(`it runs ${whose}, which reads a cursor that it did not open`), new Set());
  if (parts.dynamic) facts.opaque ??= `it runs ${whose}, which puts its SQL together itself`;
  const all: Flow = { ...FREE, columns: facts.columns };
  return { fields: [], open: facts.opaque, ...(facts.columns.size > 0 ? { fields: [{ name: '', flow: all }] } : {}) };
}

function ofText({ sql, using }: Text, scope: Scope): Shape {
  const { facts } = scope;
  facts.given = using
    .flatMap((one) => parse(`SELECT ${one}`))
    .map(({ node }) => {
      const [first] = answer(node, scope).fields;
      const flow = first?.flow ?? FREE;
      return { flow, constant: flow.columns.size === 0, elements: 'unknown' as const };
    });
  const shapes = parse(sql).map(({ node }) => answer(node, scope));
  facts.given = [];
  for (const { fields } of shapes) for (const field of fields) facts.touch(field.flow);
  return shapes.at(-1) ?? { fields: [] };
}

/** The flow of everything a function gives besides its arguments. */
export function wholeOf(given: Given): Flow {
  const flow = mix(given.shape.fields.map((field) => field.flow));
  return given.clause === undefined ? flow : mix([flow, opaque(given.clause)]);
}
