import type { Node } from 'libpg-query';

/** A message of libpg_query's tree by its own fields; a `Node` is such a message in a wrapper that names its type. */
export type Part = Readonly<Record<string, unknown>>;

/** Type and fields of a wrapped node. */
export function open(node: Node | undefined): [string, Part] {
  for (const type in node) return [type, (node as unknown as Record<string, Part>)[type] as Part];
  return ['', {}];
}

/** The fields of `node` if it is of that type. */
export function as(node: unknown, type: string): Part | undefined {
  return typeof node === 'object' && node !== null ? ((node as Record<string, Part>)[type] ?? undefined) : undefined;
}

/** The names of the operators of an A_Expr, as the parser looks them up. */
export function operatorsOf(kind: unknown, name: string[]): string[][] {
  if (kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_BETWEEN_SYM') return [['>='], ['<=']];
  if (kind === 'AEXPR_NOT_BETWEEN' || kind === 'AEXPR_NOT_BETWEEN_SYM') return [['<'], ['>']];
  return [name];
}

/** The text of a `String` node. */
export const word = (node: unknown): string | undefined => as(node, 'String')?.sval as string | undefined;

/** The parts of a dotted name, outermost first; what is not a word in it (a star, a subscript) is left out. */
export function words(nodes: unknown): string[] {
  const found: string[] = [];
  if (!Array.isArray(nodes)) return found;
  for (const node of nodes) {
    const one = word(node);
    if (one !== undefined) found.push(one);
  }
  return found;
}

export const listOf = (value: unknown): readonly Node[] => (Array.isArray(value) ? (value as Node[]) : []);

/** The fields of those nodes of a list that are of that type. */
export function partsOf(nodes: unknown, type: string): Part[] {
  const parts = listOf(nodes).map((node) => as(node, type));
  return parts.filter((part) => part !== undefined);
}

/** A constant's value as text, casts around it taken away; `null` for NULL, undefined where it is not constant. */
export function constant(node: unknown): string | null | undefined {
  const cast = as(node, 'TypeCast');
  if (cast !== undefined) return constant(cast.arg);
  const string = word(node);
  if (string !== undefined) return string;
  const value = as(node, 'A_Const');
  return value === undefined ? undefined : constantOf(value);
}

function constantOf(value: Part): string | null {
  const part = (name: string) => value[name] as Part | undefined;
  if (value.isnull === true) return null;
  if (part('sval') !== undefined) return String(part('sval')?.sval ?? '');
  // Protobuf leaves out a zero, a false and an empty string.
  if (part('ival') !== undefined) return String(part('ival')?.ival ?? 0);
  if (part('fval') !== undefined) return String(part('fval')?.fval ?? 0);
  if (part('boolval') !== undefined) return part('boolval')?.boolval === true ? 'true' : 'false';
  return String(part('bsval')?.bsval ?? '');
}

/** Calls `each` on what is directly in a message: wrapped nodes by their type, bare messages by the field they stand in. */
export function eachChild(part: Part, each: (type: string, child: Part, field: string) => void): void {
  for (const field in part) {
    const value = part[field];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) for (const item of value) childOf(item as Part, field, each);
    else childOf(value as Part, field, each);
  }
}

function childOf(value: Part, field: string, each: (type: string, child: Part, field: string) => void): void {
  for (const first in value) {
    const code = first.charCodeAt(0);
    // Types begin with a capital, fields do not; `A_Const` is a type like any.
    if (code >= 0x41 && code <= 0x5a) each(first, value[first] as Part, field);
    else each(BARE.get(field) ?? '', value, field);
    return;
  }
}

/** What stands bare, without a wrapper, in these fields. JSON_ARRAYAGG has one called `constructor`. */
const BARE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    relation: 'RangeVar',
    rel: 'RangeVar',
    view: 'RangeVar',
    sequence: 'RangeVar',
    larg: 'SelectStmt',
    rarg: 'SelectStmt',
    withClause: 'WithClause',
    typeName: 'TypeName',
    argType: 'TypeName',
    returnType: 'TypeName',
    intoClause: 'IntoClause',
    into: 'IntoClause',
    func: 'FuncCall',
    funccall: 'FuncCall',
    over: 'WindowDef',
    onConflictClause: 'OnConflictClause',
    infer: 'InferClause',
    returningClause: 'ReturningClause',
  }),
);
