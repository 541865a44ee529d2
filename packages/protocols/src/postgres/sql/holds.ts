import type { Node } from 'libpg-query';
import { fieldOf } from './answers.js';
import { itemsOf } from './bounds/arrays.js';
import { as, constant, eachChild, listOf, open, type Part, words } from './nodes.js';
import { spend } from './steps.js';
import { oneOf, oneOfMany, untold } from './unnamed.js';

/** What a body says of its variables. A name is a variable's, `r.n` the field of a record, `$1` a parameter. */
export interface Assigned {
  /** What is put into each, anywhere in the body. */
  values: ReadonlyMap<string, readonly Node[]>;
  /** Those that hold from the beginning what they hold. */
  defaulted: ReadonlySet<string>;
  /** Those that are given a value in a loop. */
  looping: ReadonlySet<string>;
  /** Other names of theirs. */
  aliases: ReadonlyMap<string, string>;
  /** Names of blocks, and of the function, which may stand before a variable's. */
  labels: ReadonlySet<string>;
  /** A name that is a column's, too, is the variable's. */
  beforeColumns: boolean;
}

export const NO_VARIABLES: Assigned = {
  values: new Map(),
  defaulted: new Set(),
  looping: new Set(),
  aliases: new Map(),
  labels: new Set(),
  beforeColumns: false,
};

/** What may be given for each parameter, as whoever calls the body has it. */
export type Given = ReadonlyMap<string, readonly Node[]>;

/** One of the values that each variable may hold, by its name. */
export type Choice = ReadonlyMap<string, Node>;

/** Choices that are looked at one by one. */
const MOST = 16;
const NO_NAMES: ReadonlySet<string> = new Set();

/** Names that are being asked for, with what stands for each where it comes up again. */
type Asking = ReadonlyMap<string, readonly Node[]>;
const NOBODY: Asking = new Map();
/** Of each variable all that it may hold, put together. */
export const NO_CHOICE: Choice = new Map();

/**
 * What the variables and parameters of a body may hold: of a variable, whatever is put into it in any place; of a parameter, what the
 * command that calls it gives. Nothing is known of other names, and they stay.
 */
export class Holds {
  readonly #given: Given;
  readonly #assigned: Assigned;
  readonly #found = new Map<string, readonly Node[] | undefined>();

  constructor(given: Given, assigned: Assigned = NO_VARIABLES) {
    this.#given = given;
    this.#assigned = assigned;
  }

  /** `own`: names that are columns where these stand. */
  choices(of: unknown, own: ReadonlySet<string> = NO_NAMES): readonly Choice[] {
    return this.#choicesOf(of, own, NOBODY);
  }

  /** The same with each variable's place taken by what it holds by that choice. */
  fill<T>(node: T, choice: Choice, own: ReadonlySet<string> = NO_NAMES): T {
    return this.#fill(node, choice, own, false, NOBODY) as T;
  }

  /** All that an expression may be. */
  valuesOf(node: Node): readonly Node[] {
    return this.#expand(node, NOBODY);
  }

  #choicesOf(of: unknown, own: ReadonlySet<string>, asking: Asking): readonly Choice[] {
    let choices: readonly Choice[] = [NO_CHOICE];
    for (const key of this.#keysIn(of, own)) {
      const values = this.#resolve(key, asking) ?? [];
      if (values.length > 1 && choices.length * values.length <= MOST)
        choices = choices.flatMap((choice) => values.map((value) => new Map(choice).set(key, value)));
    }
    return choices;
  }

  #keysIn(node: unknown, own: ReadonlySet<string>, found = new Set<string>()): ReadonlySet<string> {
    const look = (type: string, part: Part): void => {
      spend(1 / 4);
      const key = type === 'ColumnRef' || type === 'ParamRef' ? this.#keyOf({ [type]: part }, own) : undefined;
      if (key !== undefined) found.add(key);
      else eachChild(part, look);
    };
    if (typeof node === 'object' && node !== null) eachChild({ of: node }, look);
    return found;
  }

  /** Undefined for what is no name of a variable's, and where a column of that name comes first. */
  #keyOf(node: unknown, own: ReadonlySet<string>): string | undefined {
    const { aliases, labels, beforeColumns } = this.#assigned;
    const number = as(node, 'ParamRef')?.number;
    const ref = as(node, 'ColumnRef');
    let fields = typeof number === 'number' ? [`$${number}`] : words(ref?.fields);
    if (fields.length === 0 || (ref !== undefined && fields.length < listOf(ref.fields).length)) return undefined;
    if (fields.length === 1 && !beforeColumns && own.has(fields[0] as string)) return undefined;
    if (fields.length > 1 && labels.has(fields[0] as string)) fields = fields.slice(1);
    const [first = '', ...rest] = fields;
    const key = [aliases.get(first) ?? first, ...rest].join('.');
    return this.#isKnown(key) ? key : undefined;
  }

  #isKnown(key: string): boolean {
    const [root = ''] = key.split('.');
    return [key, root].some((one) => this.#given.has(one) || this.#assigned.values.has(one));
  }

  #resolve(key: string, asking: Asking): readonly Node[] | undefined {
    if (asking.has(key)) return asking.get(key);
    if (this.#found.has(key)) return this.#found.get(key);
    const values = this.#valuesOf(key, asking);
    if (asking.size === 0) this.#found.set(key, values);
    return values;
  }

  /** One after the other: in what a variable is given next, it stands for what it was given before; in a loop, for one of many. */
  #valuesOf(key: string, asking: Asking): readonly Node[] | undefined {
    const again = (one: string): readonly Node[] => [this.#assigned.looping.has(one) ? oneOfMany : untold];
    const others = new Map([...asking.keys()].map((one) => [one, again(one)]));
    const all = [...(this.#given.get(key) ?? [])];
    const take = (value: Node): void => {
      const before = this.#assigned.looping.has(key) || all.length === 0 ? again(key) : [...all];
      all.push(...this.#expand(value, new Map(others).set(key, before)));
      if (all.length > MOST) all.splice(0, all.length, oneOf(all));
    };
    for (const value of this.#assigned.values.get(key) ?? []) take(value);
    const dot = key.indexOf('.');
    for (const row of dot < 0 ? [] : this.#rowsOf(key.slice(0, dot)))
      for (const value of fieldOf(row, key.slice(dot + 1))) take(value);
    return all.length === 0 ? undefined : all;
  }

  #rowsOf = (root: string): readonly Node[] => [
    ...(this.#given.get(root) ?? []),
    ...(this.#assigned.values.get(root) ?? []),
  ];

  /** An item of a list is any of these. */
  #expand(node: Node, asking: Asking): readonly Node[] {
    const item = as(node, 'A_Indirection');
    const within = item !== undefined && isItem(item) ? (item.arg as Node) : node;
    const found = this.#choicesOf(within, NO_NAMES, asking).map((choice) =>
      this.#fill(within, choice, NO_NAMES, false, asking),
    ) as Node[];
    return within === node ? found : found.flatMap((list) => itemsOf(list) ?? [elementOf(list)]);
  }

  /** `mayBeNull`: where NULL would say something else, only what is there from the beginning counts. */
  #fill(node: unknown, choice: Choice, own: ReadonlySet<string>, mayBeNull: boolean, asking: Asking): unknown {
    if (typeof node !== 'object' || node === null) return node;
    spend(1 / 4);
    if (Array.isArray(node)) return node.map((one) => this.#fill(one, choice, own, mayBeNull, asking));
    const key = this.#keyOf(node, own);
    if (key !== undefined) return mayBeNull && !this.#isSure(key) ? untold : this.#valueOf(key, choice, asking);
    const nulls = mayBeNull || 'NullTest' in node || 'CoalesceExpr' in node || 'BooleanTest' in node;
    const fields = Object.entries(node).map(([name, child]) => [name, this.#fill(child, choice, own, nulls, asking)]);
    const filled = Object.fromEntries(fields);
    const item = as(filled, 'A_Indirection');
    return item !== undefined && isItem(item) && !Object.is(item.arg, as(node, 'A_Indirection')?.arg)
      ? itemOf(item)
      : filled;
  }

  #isSure(key: string): boolean {
    const { values, defaulted } = this.#assigned;
    const given = this.#given.get(key);
    return given === undefined
      ? defaulted.has(key) && values.get(key)?.length === 1
      : given.length === 1 && !values.has(key);
  }

  #valueOf(key: string, choice: Choice, asking: Asking): Node {
    const values = choice.has(key) ? [choice.get(key) as Node] : (this.#resolve(key, asking) ?? []);
    return values.length === 1 ? (values[0] as Node) : oneOf(values);
  }
}

const isItem = ({ indirection }: Part): boolean => {
  const [only, ...others] = listOf(indirection);
  const indices = as(only, 'A_Indices');
  return indices !== undefined && others.length === 0 && indices.is_slice !== true;
};

/** `a[1]`, `a[i]`. */
function itemOf({ arg, indirection }: Part): Node {
  const items = itemsOf(arg as Node);
  if (items === undefined) return elementOf(arg as Node);
  const place = Number(constant(as(listOf(indirection)[0], 'A_Indices')?.uidx) ?? Number.NaN);
  return items[place - 1] ?? oneOf(items);
}

/** Of a list that a query gathers, what the query says; of others that is not known. */
const elementOf = (list: Node): Node => (open(list)[0] === 'SubLink' ? list : oneOf([list]));
