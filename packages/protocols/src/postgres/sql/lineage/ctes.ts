import type { CommonTableExpr, Node, SelectStmt, WithClause } from 'libpg-query';
import { changed, type Field, type Flow, FREE, mix, renamed, type Shape } from './flow.js';
import { marksIn } from './marks.js';
import { as, namesOf } from './nodes.js';
import type { Scope } from './scope.js';
import { command, selected, unionOf } from './select.js';
import { LONG } from './total.js';

/**
 * Columns that are read again, all rounds together, in which a recursive query must have come to rest: people's do in two or three
 * rounds, and each round of a wide one takes its time.
 */
const READ_AGAIN = 240;
const ROUNDS_LEAST = 3;

/** Gives the names of a WITH their meaning in the scope. https://www.postgresql.org/docs/current/queries-with.html */
export function withClause(clause: WithClause | undefined, scope: Scope): void {
  const ctes = (clause?.ctes ?? []).flatMap((node) => as(node, 'CommonTableExpr') ?? []);
  if (clause?.recursive === true) recursive(ctes, scope);
  else for (const cte of ctes) define(cte, extended(cte, command(cte.ctequery as Node, scope), scope), scope);
}

function define(cte: CommonTableExpr, shape: Shape, scope: Scope): void {
  scope.ctes.set(cte.ctename ?? '', () => shape);
}

/** Each may refer to itself and to those after it: worked out when it is first asked for. */
function recursive(ctes: readonly CommonTableExpr[], scope: Scope): void {
  for (const cte of ctes) {
    scope.ctes.set(cte.ctename ?? '', () => {
      const shape = rested(cte, scope);
      define(cte, shape, scope);
      return shape;
    });
  }
  for (const cte of ctes) scope.ctes.get(cte.ctename ?? '')?.();
}

/** Reads the query again with what it was found to give, until no reading finds more. */
function rested(cte: CommonTableExpr, scope: Scope): Shape {
  const query = cte.ctequery as Node;
  define(cte, { fields: [], open: `${cte.ctename} refers to itself` }, scope);
  let shape = extended(cte, first(query, scope), scope);
  const rounds = Math.max(ROUNDS_LEAST, Math.floor(READ_AGAIN / Math.max(1, shape.fields.length)));
  for (let round = 0; round < rounds; round++) {
    define(cte, { ...shape, fields: shape.fields.map(again) }, scope);
    const next = unionOf(shape, extended(cte, command(query, scope), scope));
    if (same(shape, next)) return next;
    shape = next;
  }
  return { ...shape, open: `${cte.ctename} does not come to rest` };
}

/** The term that does not refer to the query itself, where the query is a UNION. */
function first(query: Node, scope: Scope): Shape {
  const union = as(query, 'SelectStmt');
  if (union?.op !== 'SETOP_UNION') return command(query, scope);
  const left = union.larg ?? {};
  return selected(union.withClause === undefined ? left : withOuter(left, union.withClause), scope);
}

/** What a round makes of a value, each round makes of it again: where a condition decided on it, that tells. */
const again = ({ name, flow }: Field): Field => ({ name, flow: flow.chosen === true ? { ...flow, size: LONG } : flow });

const withOuter = (left: SelectStmt, outer: WithClause): SelectStmt =>
  left.withClause === undefined
    ? { ...left, withClause: outer }
    : { ...left, withClause: { ...outer, ctes: [...(outer.ctes ?? []), ...(left.withClause.ctes ?? [])] } };

function same(one: Shape, other: Shape): boolean {
  return one.open === other.open && one.fields.every((field, i) => sameFlow(field.flow, other.fields[i]?.flow ?? FREE));
}

const sameFlow = (one: Flow, other: Flow): boolean =>
  one.columns.size === other.columns.size &&
  marksIn(one.constants).size === marksIn(other.constants).size &&
  one.exact === other.exact &&
  one.opaque === other.opaque;

/** Column aliases, and what SEARCH and CYCLE add. */
function extended(cte: CommonTableExpr, shape: Shape, scope: Scope): Shape {
  const named = renamed(shape, namesOf(cte.aliascolnames));
  const added: Field[] = [];
  const of = (nodes: readonly Node[] | undefined): Flow => {
    const names = namesOf(nodes);
    return changed(mix(named.fields.filter((field) => names.includes(field.name)).map((field) => field.flow)));
  };
  const search = cte.search_clause;
  if (search?.search_seq_column !== undefined)
    added.push({ name: search.search_seq_column, flow: of(search.search_col_list) });
  const cycle = cte.cycle_clause;
  // The mark tells which rows are alike in these columns.
  if (cycle?.cycle_mark_column !== undefined) {
    const compared = of(cycle.cycle_col_list);
    scope.facts.ask(compared, 'group');
    added.push({ name: cycle.cycle_mark_column, flow: compared });
  }
  if (cycle?.cycle_path_column !== undefined)
    added.push({ name: cycle.cycle_path_column, flow: of(cycle.cycle_col_list) });
  return added.length === 0 ? named : { ...named, fields: [...named.fields, ...added] };
}
