import type { ColumnRef } from 'libpg-query';
import type { ReadingContext } from '../context.js';
import { spend } from '../steps.js';
import type { Facts } from './facts.js';
import { changed, either, type Field, type Flow, FREE, mix, opaque, rowOf, type Shape } from './flow.js';
import { kindOf, namesOf } from './nodes.js';

/** What FROM, a join or a target gives names to. parse_relation.c calls it a namespace item. */
export interface Item {
  /** Undefined where its columns have no qualifier (a join). */
  readonly name: string | undefined;
  /** Schemas that may stand before the name. */
  readonly schemas: readonly string[];
  readonly shape: Shape;
  /** Columns of its key, of a relation that has one. */
  readonly key?: readonly string[] | undefined;
  /** It has the system columns. */
  readonly system: boolean;
  /** Its columns may be named alone. */
  readonly bare: boolean;
  /** Whatever is named of it is this: a variable of a function's body. */
  readonly any?: Flow | undefined;
}

/** Names that a query level gives a meaning to; what it does not know may be known above. */
export interface Scope {
  readonly up: Scope | undefined;
  readonly items: Item[];
  readonly ctes: Map<string, () => Shape>;
  readonly at: ReadingContext;
  readonly facts: Facts;
}

export function below(up: Scope, items: Item[] = []): Scope {
  return { up, items, ctes: new Map(), at: up.at, facts: up.facts };
}

/** The same level, with other items. */
export function beside(scope: Scope, items: readonly Item[]): Scope {
  return { ...scope, items: [...items] };
}

/** https://www.postgresql.org/docs/current/ddl-system-columns.html */
const SYSTEM: ReadonlyMap<string, Flow> = new Map(
  Object.entries({ ctid: 27, xmin: 28, xmax: 28, cmin: 29, cmax: 29, tableoid: 26 }).map(([name, type]) => [
    name,
    { ...FREE, type },
  ]),
);

export function cteOf(scope: Scope, name: string): Shape | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.up) {
    const found = at.ctes.get(name);
    if (found !== undefined) return found();
  }
  return;
}

/** `x.f` where x has no column f: what the function f gives of the row x. */
export type Attribute = (name: string, row: Flow, scope: Scope) => Flow;

/** What a column reference stands for, by the rules of transformColumnRef; where they leave it open, all it may be. */
export function columnOf(ref: ColumnRef, scope: Scope, attribute: Attribute): Flow {
  const names = namesOf(ref.fields);
  const flow = meantBy(names, scope, attribute);
  const { variables } = scope.facts;
  // Of a variable and a column of one name either may be meant.
  const isClear = names.length === 1 && flow.type === variables.get(names[0] as string);
  return isClear || !names.some((name) => variables.has(name)) ? flow : { ...flow, type: undefined };
}

/** Variables of a body, which are free of columns by themselves. */
export const valuesOf = ({ variables }: Pick<Facts, 'variables'>): Item => ({
  name: undefined,
  schemas: [],
  shape: { fields: [...variables].map(([name, type]) => ({ name, flow: { ...FREE, type } })) },
  system: false,
  bare: true,
});

function meantBy(names: readonly string[], scope: Scope, attribute: Attribute): Flow {
  const [name, qualifier, schema] = [names.at(-1), names.at(-2), names.at(-3)];
  if (name === undefined) return opaque('it names no column');
  if (qualifier === undefined) return bareColumn(name, scope);
  const item = itemNamed(scope, qualifier, schema);
  if (item === undefined) return unresolved(name, scope);
  return fieldOf(item, name) ?? attribute(name, wholeRow(item), scope);
}

function bareColumn(name: string, scope: Scope): Flow {
  const perhaps: Flow[] = [];
  for (let at: Scope | undefined = scope; at !== undefined; at = at.up) {
    spend(at.items.length / 4);
    const found = columnNamed(name, at);
    if (found.length > 0) return either([...found, ...perhaps]);
    if (SYSTEM.has(name) && at.items.some((item) => item.bare && item.system))
      return perhaps.length > 0 ? mix(perhaps) : (SYSTEM.get(name) as Flow);
    for (const item of at.items) if (item.bare && item.shape.open !== undefined) perhaps.push(changed(wholeRow(item)));
  }
  const row = itemNamed(scope, name, undefined);
  if (row !== undefined) return perhaps.length > 0 ? mix([wholeRow(row), ...perhaps]) : wholeRow(row);
  return perhaps.length > 0 ? mix(perhaps) : unresolved(name, scope);
}

/** The columns of that name at this level. */
export function columnNamed(name: string, scope: Scope): Flow[] {
  const found: Flow[] = [];
  for (const item of scope.items) {
    const flow = item.bare ? known(item, name) : undefined;
    if (flow !== undefined) found.push(flow);
  }
  return found;
}

function known(item: Item, name: string): Flow | undefined {
  spend(item.shape.fields.length / 64);
  let first: Flow | undefined;
  let others: Flow[] | undefined;
  for (const field of item.shape.fields) {
    if (field.name !== name) continue;
    if (first === undefined) first = field.flow;
    else if (others === undefined) others = [first, field.flow];
    else others.push(field.flow);
  }
  return others === undefined ? first : either(others);
}

/** A column of an item; undefined where the name must be a function's. */
function fieldOf(item: Item, name: string): Flow | undefined {
  if (item.any !== undefined) return item.any;
  const found = known(item, name);
  if (found !== undefined) return item.shape.open === undefined ? found : mix([found, wholeRow(item)]);
  return item.system ? SYSTEM.get(name) : undefined;
}

function wholeRow(item: Item): Flow {
  return item.any ?? rowOf(item.shape);
}

export function itemNamed(scope: Scope, name: string, schema: string | undefined): Item | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.up) {
    spend(at.items.length / 32);
    const found = at.items.find(
      (item) => item.name === name && (schema === undefined || item.schemas.includes(schema)),
    );
    if (found !== undefined) return found;
  }
  return;
}

/** Every column of the name that is in reach, and a word that it was not understood. */
function unresolved(name: string, scope: Scope): Flow {
  const found: Flow[] = [];
  scope.facts.missing.add(name);
  for (let at: Scope | undefined = scope; at !== undefined; at = at.up)
    for (const item of at.items) found.push(...(known(item, name) === undefined ? [] : [known(item, name) as Flow]));
  return mix([...found, opaque(`the column ${name} is not known`)]);
}

/** What `*`, `t.*` or `s.t.*` stands for; undefined where the reference is no star. */
export function starOf(ref: ColumnRef, scope: Scope): Shape | undefined {
  const last = ref.fields?.at(-1);
  if (last === undefined || kindOf(last) !== 'A_Star') return;
  const [name, schema] = namesOf(ref.fields).reverse();
  if (name === undefined) return joined(scope.items.filter((item) => item.bare).map((item) => item.shape));
  const item = itemNamed(scope, name, schema);
  return item?.shape ?? { fields: [], open: `the relation ${name} is not known` };
}

/** Columns side by side. */
export function joined(shapes: readonly Shape[]): Shape {
  const [only] = shapes;
  if (only !== undefined && shapes.length === 1) return only;
  const fields: readonly Field[] = shapes.flatMap((shape) => shape.fields);
  spend(shapes.length / 16 + fields.length / 32);
  const open = shapes.find((shape) => shape.open !== undefined)?.open;
  return open === undefined ? { fields } : { fields, open };
}
