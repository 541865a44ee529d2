import type { Node, TypeName } from 'libpg-query';
import { evaluate } from './expression.js';
import { ARRAY, elementOf } from './functions.js';
import { as, namesOf } from './nodes.js';
import { isConstant, isDomain } from './predicates.js';
import type { Scope } from './scope.js';

/** Constants that a column is compared with: marks that tell each from others of the command, and parameters that bring as many as they hold. */
export interface Constants {
  marks: readonly string[];
  parameters: readonly number[];
}
/** The same, or why these are not a few constants. */
export type Elements = Constants | 'many' | 'varies' | 'unknown';

/** A list may hold so many constants and still be an equality. */
const LIST = 10;

export const constants = (nodes: readonly Node[], scope: Scope): Elements =>
  nodes.every((node) => isConstant(node, scope)) ? few(nodes.map((node) => JSON.stringify(node))) : 'varies';

const few = (marks: readonly string[]): Elements => (marks.length > LIST ? 'many' : { marks, parameters: [] });

/** What an array holds that is written out, one constant, or a parameter. */
export function elementsOf(node: Node | undefined, scope: Scope): Elements {
  if (node === undefined) return 'unknown';
  const cast = as(node, 'TypeCast');
  if (cast?.arg !== undefined) return isDomain(cast.typeName, scope) ? 'varies' : elementsOf(cast.arg, scope);
  const constant = as(node, 'A_Const');
  if (constant?.isnull === true) return few([]);
  const text = constant?.sval?.sval;
  if (text !== undefined) return few(text.split(',').map((_, i) => `${i} ${JSON.stringify(node)}`));
  const array = as(node, 'A_ArrayExpr');
  if (array !== undefined) return all((array.elements ?? []).map((element) => elementOfArray(element, scope)));
  const parameter = as(node, 'ParamRef');
  if (parameter !== undefined) return scope.facts.elements((parameter.number ?? 0) - 1);
  return isConstant(node, scope) ? 'unknown' : 'varies';
}

/** An array in an array holds as many as it does by itself: there is no telling what type a parameter is of before it comes. */
function elementOfArray(node: Node, scope: Scope): Elements {
  const cast = as(node, 'TypeCast');
  const value = cast?.arg ?? node;
  const isOne = as(value, 'A_Const') !== undefined && !isArrayName(cast?.typeName);
  if (isOne) return constants([node], scope);
  if (as(value, 'A_Const') !== undefined || ['A_ArrayExpr', 'ParamRef'].some((kind) => kind in value))
    return elementsOf(node, scope);
  const { type } = evaluate(node, scope);
  const mayBeArray = type === undefined || type === ARRAY || elementOf(type, scope) !== undefined;
  return mayBeArray && isConstant(node, scope) ? 'unknown' : constants([node], scope);
}

const isArrayName = (type: TypeName | undefined): boolean =>
  type?.arrayBounds !== undefined || namesOf(type?.names).at(-1)?.startsWith('_') === true;

function all(parts: readonly Elements[]): Elements {
  const known = parts.filter((part) => typeof part === 'object');
  if (known.length < parts.length) return parts.find((part) => typeof part === 'string') ?? 'unknown';
  const marks = known.flatMap((part) => part.marks);
  return marks.length > LIST ? 'many' : { marks, parameters: known.flatMap((part) => part.parameters) };
}
