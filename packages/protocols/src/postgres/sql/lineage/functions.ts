import type { FuncCall, Node } from 'libpg-query';
import type { Routine } from '../catalogue.js';
import { aggregated, evaluate, sortValue } from './expression.js';
import { changed, type Field, type Flow, FREE, mix, opaque, type Shape } from './flow.js';
import { outputName } from './names.js';
import { as, namesOf } from './nodes.js';
import { canonical, pathsOf } from './relations.js';
import type { Scope } from './scope.js';
import { rowOfType, typesNamed } from './types.js';

/**
 * Functions of the server whose answer holds more than their arguments do: what a query or a name in a text leads to, files,
 * large objects, the log, what others have asked.
 */
const READERS =
  /^(?:(?:query|cursor|table|schema|database)_to_xml|ts_stat$|pg_read_|lo_get$|loread$|pg_logical_slot_|pg_stat_get_activity$|pg_stat_get_backend_activity$)/;
/** They hand on rows, or arrays of rows, as they are. */
const KEEPERS: ReadonlySet<string> = new Set(
  'array_agg unnest lag lead first_value last_value nth_value any_value array_append array_prepend array_cat array_remove array_reverse array_sort array_shuffle array_sample trim_array json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset max min'.split(
    ' ',
  ),
);

export function call(body: FuncCall, scope: Scope): Flow {
  const args = (body.args ?? []).map((arg) => evaluate(arg, scope));
  const within = body.agg_within_group === true ? (body.agg_order ?? []).map((node) => sortValue(node, scope)) : [];
  for (const flow of within) scope.facts.ask(flow, 'order');
  const { agg_order, ...rest } = body;
  aggregated(
    body.agg_within_group === true ? rest : { ...rest, ...(agg_order === undefined ? {} : { agg_order }) },
    scope,
  );
  if (body.agg_distinct === true) for (const flow of args) scope.facts.ask(flow, 'group');
  scope.facts.meet([...args, ...within]);
  return result(body, [...args, ...within], scope);
}

function result(body: FuncCall, args: readonly Flow[], scope: Scope): Flow {
  const names = namesOf(body.funcname);
  const name = names.at(-1) ?? '';
  const found = routines(names, args.length, scope);
  const [first] = args;
  if (found.length === 0 && names.length === 1 && args.length === 1 && first !== undefined) {
    // Functional notation, of a column or of a cast.
    const field = first.row?.find((one) => one.name === name);
    if (field !== undefined) return field.flow;
    if (typesNamed(names, scope).length > 0) return changed(first);
  }
  const foreign = found.length === 0 || found.some((routine) => !routine.builtin);
  if (found.length === 0 || found.some((routine) => routine.volatility === 'volatile'))
    for (const flow of args) scope.facts.store(flow, new Set());
  const clause = noted(
    found.length === 0 ? `it calls ${names.join('.')}, which is not known` : firstClause(found),
    scope,
  );
  // How many rows have the column at all; of an expression it would tell what the expression tests.
  if (!foreign && name === 'count' && args.every((flow) => flow.exact || flow.row !== undefined)) return FREE;
  const mixed = mix(clause === undefined ? args : [...args, opaque(clause)]);
  const value = changed(mixed);
  const row = rowOfResult(name, found, args, value, scope);
  return row === undefined ? value : { ...value, row };
}

/** The functions that a name may mean with so many arguments, in any search path. */
export function routines(names: readonly string[], count: number, scope: Scope): readonly Routine[] {
  const [name, schema] = [...names].reverse();
  const paths = pathsOf(scope.at);
  const all = scope.at.catalogue.functions.get(name ?? '') ?? [];
  return all.filter(
    (routine) =>
      (schema === undefined ? paths.some((path) => path.includes(routine.schema)) : routine.schema === schema) &&
      (routine.variadic || (count <= routine.takes.length && count >= routine.takes.length - routine.defaults)),
  );
}

function firstClause(found: readonly Routine[]): string | undefined {
  for (const routine of found) {
    const clause = trust(routine);
    if (clause !== undefined) return clause;
  }
  return;
}

/** Why a function's answer may hold more than its arguments do; undefined where it cannot. */
function trust(routine: Routine): string | undefined {
  if (routine.builtin)
    return READERS.test(routine.name) ? `it calls ${routine.name}, which reads what is not named` : undefined;
  // What is immutable reads no table, by its author's word; in C the author is who may install extensions.
  if (routine.language === 'c' && routine.volatility === 'immutable') return;
  if (routine.kind === 'a' && routine.calls.every((oid) => oid < FIRST_OF_USERS)) return;
  return `it calls ${canonical(routine)}, which may read anything`;
}

/** Oids below came with the server. */
const FIRST_OF_USERS = 16384;

/** The same of a function by its oid. */
export function clauseOf(oid: number, scope: Scope): string | undefined {
  const routine = scope.at.catalogue.routineByOid.get(oid);
  if (routine === undefined && oid < FIRST_OF_USERS) return;
  return noted(routine === undefined ? 'it calls a function that is not known' : firstClause([routine]), scope);
}

function noted(clause: string | undefined, scope: Scope): string | undefined {
  scope.facts.foreign ??= clause;
  return clause;
}

function rowOfResult(
  name: string,
  found: readonly Routine[],
  args: readonly Flow[],
  value: Flow,
  scope: Scope,
): readonly Field[] | undefined {
  if (KEEPERS.has(name))
    return args.find((flow) => flow.row !== undefined)?.row?.map((field) => ({ name: field.name, flow: value }));
  const [first] = found;
  if (
    first === undefined ||
    found.some((one) => one.outs.length !== first.outs.length || one.returns !== first.returns)
  )
    return;
  if (first.outs.length > 1) return first.outs.map((out) => ({ name: out.name, flow: value }));
  return rowOfType(first.returns, scope)?.fields.map((field) => ({ name: field.name, flow: value }));
}

const RECORD = 2249;
/** anyelement, anynonarray, anycompatible, anycompatiblenonarray: what comes out is of a kind with what goes in. */
const POLYMORPHIC: ReadonlySet<number> = new Set([2283, 2776, 5077, 5079]);

/** The columns of a function in FROM. https://www.postgresql.org/docs/current/sql-select.html#SQL-FROM */
export function rowsOf(node: Node, defined: readonly string[], alias: string | undefined, scope: Scope): Shape {
  const body = as(node, 'FuncCall');
  if (body !== undefined && namesOf(body.funcname).at(-1) === 'unnest' && (body.args?.length ?? 0) > 1)
    return {
      fields: (body.args ?? []).flatMap((arg) => spreadRow(evaluate(arg, scope), alias ?? 'unnest', scope).fields),
    };
  const flow = evaluate(node, scope);
  const value = changed(flow);
  if (defined.length > 0) return { fields: defined.map((name) => ({ name, flow: value })) };
  const found = body === undefined ? [] : routines(namesOf(body.funcname), body.args?.length ?? 0, scope);
  if (body !== undefined && found.length === 0)
    return { fields: [], open: flow.opaque ?? 'it calls a function that is not known' };
  const shapes = new Map(found.map((routine) => [keyOf(routine), routine] as const));
  const [routine] = found;
  if (routine === undefined) return { fields: [{ name: alias ?? outputName(node), flow: value }] };
  if (shapes.size > 1)
    return {
      fields: [{ name: alias ?? routine.name, flow: value }],
      open: `${routine.name} may be any of several functions`,
    };
  if (routine.outs.length > 0) return { fields: routine.outs.map((out) => ({ name: out.name, flow: value })) };
  if (POLYMORPHIC.has(routine.returns)) return spreadRow(flow, alias ?? routine.name, scope);
  const row = isRow(routine.returns, scope) ? rowOfType(routine.returns, scope) : undefined;
  if (row !== undefined) return { fields: row.fields.map((field) => ({ name: field.name, flow: value })) };
  if (routine.returns === RECORD) return { fields: [], open: `the columns of ${routine.name} are not known` };
  return { fields: [{ name: alias ?? routine.name, flow: value }] };
}

const keyOf = (routine: Routine): string =>
  routine.outs.length > 0
    ? routine.outs.map((out) => out.name).join()
    : String(routine.returns === RECORD || POLYMORPHIC.has(routine.returns) ? routine.returns : 0);

const isRow = (oid: number, scope: Scope): boolean => scope.at.catalogue.typeByOid.get(oid)?.kind === 'c';

/** A value as rows: of several columns where it is a row. */
function spreadRow(flow: Flow, name: string, scope: Scope): Shape {
  const row = flow.row ?? (flow.type === undefined ? undefined : rowOfType(flow.type, scope)?.fields);
  return { fields: row?.map((field) => ({ name: field.name, flow: field.flow })) ?? [{ name, flow: changed(flow) }] };
}
