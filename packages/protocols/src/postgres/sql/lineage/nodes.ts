import type { Node } from 'libpg-query';

/** Names of the kinds of nodes that libpg-query answers with, and what each holds. */
export type Kind = Node extends infer N ? (N extends N ? keyof N : never) : never;
export type Body<K extends Kind> = Extract<Node, Record<K, unknown>>[K];

/** A node's kind; undefined for the empty object that stands for a null in a list. */
export function kindOf(node: Node): Kind | undefined {
  for (const kind in node) return kind as Kind;
  return undefined;
}

export function as<K extends Kind>(node: Node | undefined, kind: K): Body<K> | undefined {
  return (node as Record<K, Body<K>> | undefined)?.[kind];
}

export function stringOf(node: Node | undefined): string | undefined {
  return as(node, 'String')?.sval;
}

/** The names of a dotted list: `{pg_catalog, lower}`. */
export function namesOf(nodes: readonly Node[] | undefined): string[] {
  const names: string[] = [];
  for (const node of nodes ?? []) {
    const name = stringOf(node);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Items of a List node; the node itself where it is none. */
export function itemsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  return as(node, 'List')?.items ?? [node];
}

/** The nodes right below a node's body, whatever its kind. */
export function childrenOf(body: unknown): Node[] {
  const found: Node[] = [];
  for (const value of Object.values(body as object)) collect(value, found);
  return found;
}

function collect(value: unknown, found: Node[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
    return;
  }
  const [first] = Object.keys(value);
  if (first === undefined) return;
  if (/^[A-Z]/.test(first)) found.push(value as Node);
  else found.push(...childrenOf(value));
}
