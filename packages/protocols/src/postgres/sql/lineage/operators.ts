import type { A_Expr, Node } from 'libpg-query';
import type { Catalogue, Operator, UserOperator } from '../catalogue.js';
import { isSchema } from '../names.js';
import { operatorsOf } from '../nodes.js';
import { elementIn, GIVEN, meantOperators } from '../overloads.js';
import { plainType } from './bodies.js';
import { type Flow, FREE } from './flow.js';
import { ARRAY, besidesOid } from './functions.js';
import { meaning } from './meanings.js';
import { as, itemsOf, namesOf } from './nodes.js';
import { pathsOf } from './relations.js';
import type { Scope } from './scope.js';
import { RECORD } from './total.js';

/** The operator's own name: `=` of `OPERATOR(pg_catalog.=)`. */
export const operatorName = (nodes: readonly Node[] | undefined): string => namesOf(nodes).at(-1) ?? '';

/** What an operator adds to its operands. */
interface Operated {
  /** What its result may hold besides them: nothing, where it came with the server. */
  flows: readonly Flow[];
  /** It may be one that anybody made: what it asks is not said by its name. */
  foreign: boolean;
  /** Oid of its result's type, where that is known. */
  type: number | undefined;
}

/** The operators of an expression; `left` is empty where it stands before its operand. */
export function operated(body: A_Expr, left: readonly Flow[], right: readonly Flow[], scope: Scope): Operated {
  const fields = fieldsOf(body, left, right);
  if (fields === undefined) return one(body, left, right, scope);
  const all = fields.map(([field, others]) => one(body, [field], others, scope));
  return {
    flows: all.flatMap(({ flows }) => flows),
    foreign: all.some(({ foreign }) => foreign),
    type: all.every(({ type }) => type === all[0]?.type) ? all[0]?.type : undefined,
  };
}

/** Rows that are written out on both sides are compared field by field. */
function fieldsOf(body: A_Expr, [first]: readonly Flow[], right: readonly Flow[]): [Flow, Flow[]][] | undefined {
  const isRow = (node: Node | undefined) => node !== undefined && as(node, 'RowExpr') !== undefined;
  if (!isRow(body.lexpr) || !itemsOf(body.rexpr).every(isRow)) return undefined;
  const rows = [...(first === undefined ? [] : [first]), ...right].map(({ row }) => row);
  if (rows.length < 2) return undefined;
  if (rows.some((row) => row === undefined || row.length === 0 || row.length !== rows[0]?.length)) return undefined;
  return rows[0]?.map(({ flow }, i) => [flow, rows.slice(1).map((row) => row?.[i]?.flow ?? FREE)]);
}

function one(body: A_Expr, left: readonly Flow[], right: readonly Flow[], scope: Scope): Operated {
  const others = /^AEXPR_OP_A/.test(body.kind ?? '') ? right.map((flow) => elementOf(flow, scope)) : right.map(typeOf);
  const types = [...left.map(typeOf), oneOf(others)];
  return chosen(body, operatorsOf(body.kind, namesOf(body.name)), types, scope);
}

/** The same of what compares without an expression: IN, CASE, USING. What its result holds besides what is compared. */
export function compares(
  node: object,
  name: string[],
  left: readonly Flow[],
  right: readonly Flow[],
  scope: Scope,
): readonly Flow[] {
  // A row's fields are compared with those of the other side, one by one.
  const pairs = left.length === right.length ? left.map((flow, i) => [flow, right[i] as Flow]) : [];
  const sides =
    pairs.length > 1 ? pairs.map((pair) => pair.map(typeOf)) : [[left, right].map((all) => oneOf(all.map(typeOf)))];
  return sides.flatMap((types) => chosen(node, [name], types, scope).flows);
}

const typeOf = ({ type, row }: Flow): number | undefined =>
  type === ARRAY || type === RECORD || row !== undefined ? undefined : type;
const elementOf = (flow: Flow, scope: Scope): number | undefined => {
  const type = typeOf(flow);
  return type === undefined || type === GIVEN ? type : elementIn(type, scope.at.catalogue);
};
/** The one type that all are of. */
const oneOf = (types: readonly (number | undefined)[]): number | undefined =>
  types.every((type) => type === types[0]) ? types[0] : undefined;

function chosen(
  node: object,
  names: readonly string[][],
  types: readonly (number | undefined)[],
  scope: Scope,
): Operated {
  const all = names.flatMap((name) => meantBy(name, types, scope));
  const own = all.filter(isOwn);
  scope.facts.mean(node, own);
  // NULLIF gives back its first operand, as the operator takes it.
  const isFirst = (node as A_Expr).kind === 'AEXPR_NULLIF';
  const returns = new Set(all.map((one) => (isFirst ? one.takes[0] : one.returns)));
  const [type = 0] = returns;
  return {
    flows: own.flatMap(({ calls }) => calls.map((oid) => besidesOid(oid, scope))).filter((flow) => flow !== FREE),
    foreign: own.some((operator) => !isExtended(operator, scope)),
    type: returns.size === 1 ? plainType(type, scope.at) : undefined,
  };
}
const isOwn = (operator: Operator): operator is UserOperator => 'calls' in operator;

/** An extension's operators are what their names say: only who may install it put them there. */
function isExtended({ calls }: UserOperator, { at }: Scope): boolean {
  return calls.every((oid) => {
    const routine = at.catalogue.routineByOid.get(oid);
    return routine !== undefined && (routine.builtin || (routine.extension && routine.language === 'c'));
  });
}

function meantBy(name: readonly string[], types: readonly (number | undefined)[], scope: Scope): readonly Operator[] {
  return meaning('operator', name, types, scope.at, () => found(name, types, scope));
}

function found(name: readonly string[], types: readonly (number | undefined)[], scope: Scope): readonly Operator[] {
  const { catalogue } = scope.at;
  const [last = '', schema] = [...name].reverse();
  const known = operatorsNamed(last, catalogue);
  const reached = schema === undefined ? known : known.filter((one) => isSchema(schema, one.schema));
  return meantOperators(reached, types, schema === undefined ? pathsOf(scope.at) : undefined, catalogue);
}

const named = new WeakMap<Catalogue, Map<string, readonly Operator[]>>();

/** The same array each time, where there are any. */
function operatorsNamed(name: string, catalogue: Catalogue): readonly Operator[] {
  const all = named.get(catalogue) ?? new Map<string, readonly Operator[]>();
  named.set(catalogue, all);
  const known = all.get(name);
  if (known !== undefined) return known;
  const found = [...(catalogue.operators.get(name) ?? []), ...(catalogue.systemOperators.get(name) ?? [])];
  if (found.length > 0) all.set(name, found);
  return found;
}

/** Anything of that name may be one that anybody made. */
export function isForeign(nodes: readonly Node[] | undefined, scope: Scope): boolean {
  const [name = '', schema] = namesOf(nodes).reverse();
  const paths = pathsOf(scope.at);
  return (scope.at.catalogue.operators.get(name) ?? []).some(
    (one) =>
      (schema === undefined ? paths.some((path) => path.includes(one.schema)) : isSchema(schema, one.schema)) &&
      !isExtended(one, scope),
  );
}
