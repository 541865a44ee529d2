import type { OutputSource, Reading } from '@hoop/core';
import type { Node } from 'libpg-query';
import { analyzes } from '../commands.js';
import type { Listed, ReadingContext } from '../context.js';
import { type Overload, UNKNOWN } from '../overloads.js';
import { spend, unlessTooLong } from '../steps.js';
import type { Declared } from '../variables.js';
import { plainType } from './bodies.js';
import { answer } from './commands.js';
import { Facts } from './facts.js';

import { type Field, FREE, mix, type Shape } from './flow.js';
import { besidesOid } from './functions.js';
import { as } from './nodes.js';

import { Places } from './places.js';
import { type Scope, valuesOf } from './scope.js';

/** The part of a reading that says which values go where. */
export interface Lineage
  extends Pick<
    Reading,
    'relations' | 'columns' | 'outputs' | 'predicates' | 'stores' | 'loads' | 'literals' | 'bound'
  > {
  /** The first thing on the way that was not understood, as a clause. */
  opaque: string | undefined;
  /** Columns that it names and nothing is known to have. */
  missing: readonly string[];
  lists: readonly Listed[];
  /** Columns of rows whose size a plan shows. */
  measured: ReadonlySet<string>;
  /** Oids of the types of what it answers, each where it is known. */
  types: readonly (number | undefined)[];
  /** What calls and operators mean, by their nodes. */
  meant: ReadonlyMap<object, ReadonlySet<Overload>>;
}

/**
 * What one command depends on, shows, asks about and stores. `text` is the whole text that it was parsed from, which its
 * places are in. What could carry a column and is not provably free of it carries it. Throws nothing. `declared`: in the body
 * that it stands in. `besides`: what casts may answer that it runs unwritten.
 */
export function trace(
  node: Node,
  text: string,
  at: ReadingContext,
  declared?: Declared,
  besides?: Facts['besides'],
): Lineage {
  const facts = new Facts(text.length);
  if (declared !== undefined) Object.assign(facts, declared);
  else {
    facts.sent = true;
    if (at.told !== undefined) facts.once = onceIn(text);
  }
  facts.besides = besides;
  const scope: Scope = {
    up: undefined,
    items: declared === undefined ? [] : [valuesOf(declared)],
    ctes: new Map(),
    at,
    facts,
  };
  try {
    const shape = answer(node, scope);
    for (const field of shape.fields) facts.touch(field.flow);
    if (at.steered === true && isRun(node)) steered(facts, at);
    return lineage(facts, shape, new Places(text), at);
  } catch (error) {
    unlessTooLong(error);
    // Nested deeper than the stack, or of a shape that the grammar does not have.
    return {
      ...lineage(facts, { fields: [], open: 'it could not be followed' }, new Places(text), at),
      meant: new Map(),
    };
  }
}

/** Numbers that stand in a text once, where they can be parameters. */
function onceIn(text: string): ReadonlySet<number> {
  const all = [...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));
  return new Set(all.filter((number, at) => all.indexOf(number) === at && all.lastIndexOf(number) === at));
}

/** What functions by these oids answer besides what they are given, and come by; undefined where that is nothing. */
export function answerOf(oids: ReadonlySet<number>, at: ReadingContext): Facts['besides'] {
  const scope: Scope = { up: undefined, items: [], ctes: new Map(), at, facts: new Facts() };
  const flow = mix([...oids].map((oid) => besidesOid(oid, scope)));
  const { facts } = scope;
  for (const column of flow.columns) facts.columns.add(column);
  return facts.columns.size === 0 && (flow.opaque ?? facts.opaque) === undefined ? undefined : { flow, facts };
}

/** Rows that are found as the session wants may come in the order of any column of theirs. */
function steered(facts: Facts, { catalogue }: ReadingContext): void {
  for (const { name } of [...facts.relations.values()]) {
    const [schema = '', ...rest] = name.split('.');
    const relation = catalogue.relations.get(schema)?.get(rest.join('.'));
    if (relation === undefined || relation.builtin) continue;
    facts.ask({ ...FREE, columns: new Set(relation.columns.map((column) => `${name}.${column.name}`)) }, 'plan');
  }
}

/** Oid of what a constant of no type is in the end. */
const TEXT = 25;

/** It goes through rows: a plan, a definition and a statement that is prepared do not, nor does what puts in values. */
function isRun(node: Node): boolean {
  const explain = as(node, 'ExplainStmt');
  const insert = as(node, 'InsertStmt');
  if (explain !== undefined) return analyzes(explain.options);
  if (insert !== undefined) return as(insert.selectStmt, 'SelectStmt')?.valuesLists === undefined;
  return as(node, 'ViewStmt') === undefined && as(node, 'PrepareStmt') === undefined;
}

function lineage(facts: Facts, shape: Shape, places: Places, at: ReadingContext): Lineage {
  // Whoever puts a column's values into a setting is refused it, so other commands find none there.
  const set = facts.showsSettings && facts.stores.size > 0 ? 'it shows a setting that it may have set' : undefined;
  const outputs = shape.fields.map(({ name, flow }) =>
    outputOf({ name, flow: flow.exact ? flow : facts.widen(flow) }, set),
  );
  return {
    relations: [...facts.relations.values()],
    columns: [...facts.columns],
    outputs: shape.open === undefined ? outputs : undefined,
    predicates: facts.predicates(),
    stores: [...facts.stores],
    loads: [...facts.loads],
    literals: facts.literals(places),
    bound: facts.bound(),
    lists: facts.lists(),
    measured: facts.measured,
    types: shape.fields.map(({ flow }) => (flow.type === UNKNOWN ? TEXT : plainType(flow.type, at))),
    opaque: facts.opaque ?? shape.open,
    missing: [...facts.missing],
    meant: facts.meant,
  };
}

function outputOf({ name, flow }: Field, clause: string | undefined): OutputSource {
  spend(flow.columns.size / 32);
  const source = { name, columns: [...flow.columns], exact: flow.exact };
  const opaque = flow.opaque ?? clause;
  return opaque === undefined ? source : { ...source, opaque };
}
