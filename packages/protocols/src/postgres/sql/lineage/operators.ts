import type { Node } from 'libpg-query';
import type { Flow } from './flow.js';
import { besidesOid } from './functions.js';
import { namesOf } from './nodes.js';
import { pathsOf } from './relations.js';
import type { Scope } from './scope.js';

/** The operator's own name: `=` of `OPERATOR(pg_catalog.=)`. */
export const operatorName = (nodes: readonly Node[] | undefined): string => namesOf(nodes).at(-1) ?? '';

/** What the result of an operator may hold besides its operands: nothing, where it came with the server. */
export function operatorFlows(nodes: readonly Node[] | undefined, scope: Scope): readonly Flow[] {
  const [name, schema] = namesOf(nodes).reverse();
  const known = scope.at.catalogue.operators.get(name ?? '');
  if (known === undefined) return [];
  const paths = pathsOf(scope.at);
  const reached = known.filter((one) =>
    schema === undefined ? paths.some((path) => path.includes(one.schema)) : one.schema === schema,
  );
  return reached.flatMap((operator) => operator.calls.map((oid) => besidesOid(oid, scope)));
}

/** The operator may be one that did not come with the server. */
export function isForeign(nodes: readonly Node[] | undefined, scope: Scope): boolean {
  const [name, schema] = namesOf(nodes).reverse();
  if (schema !== undefined && schema !== 'pg_catalog') return true;
  const paths = pathsOf(scope.at);
  const known = schema === undefined ? (scope.at.catalogue.operators.get(name ?? '') ?? []) : [];
  return known.some((operator) => paths.some((path) => path.includes(operator.schema)));
}
