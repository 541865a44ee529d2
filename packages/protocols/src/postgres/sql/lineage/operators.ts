import type { Node } from 'libpg-query';
import { clauseOf } from './functions.js';
import { namesOf } from './nodes.js';
import { pathsOf } from './relations.js';
import type { Scope } from './scope.js';

/** The operator's own name: `=` of `OPERATOR(pg_catalog.=)`. */
export const operatorName = (nodes: readonly Node[] | undefined): string => namesOf(nodes).at(-1) ?? '';

/** Why the result of an operator may be anything; undefined for those that came with the server. */
export function operatorClause(nodes: readonly Node[] | undefined, scope: Scope): string | undefined {
  const [name, schema] = namesOf(nodes).reverse();
  const paths = pathsOf(scope.at);
  for (const operator of scope.at.catalogue.operators.get(name ?? '') ?? []) {
    const reached =
      schema === undefined ? paths.some((path) => path.includes(operator.schema)) : operator.schema === schema;
    if (!reached) continue;
    for (const called of operator.calls) {
      const clause = clauseOf(called, scope);
      if (clause !== undefined) return clause;
    }
  }
  return;
}

/** The operator may be one that did not come with the server. */
export function isForeign(nodes: readonly Node[] | undefined, scope: Scope): boolean {
  const [name, schema] = namesOf(nodes).reverse();
  if (schema !== undefined && schema !== 'pg_catalog') return true;
  const paths = pathsOf(scope.at);
  const known = schema === undefined ? (scope.at.catalogue.operators.get(name ?? '') ?? []) : [];
  return known.some((operator) => paths.some((path) => path.includes(operator.schema)));
}
