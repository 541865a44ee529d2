import type { OutputSource, Reading } from '@hoop/core';
import type { Node } from 'libpg-query';
import type { ReadingContext } from '../context.js';
import type { Overload } from '../overloads.js';
import type { Declared } from '../variables.js';
import { answer } from './commands.js';
import { Facts } from './facts.js';
import { type Field, mix, type Shape } from './flow.js';
import { besidesOid } from './functions.js';
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
    return lineage(facts, shape, new Places(text));
  } catch {
    // Nested deeper than the stack, or of a shape that the grammar does not have.
    return { ...lineage(facts, { fields: [], open: 'it could not be followed' }, new Places(text)), meant: new Map() };
  }
}

/** What functions by these oids answer besides what they are given, and come by; undefined where that is nothing. */
export function answerOf(oids: ReadonlySet<number>, at: ReadingContext): Facts['besides'] {
  const scope: Scope = { up: undefined, items: [], ctes: new Map(), at, facts: new Facts() };
  const flow = mix([...oids].map((oid) => besidesOid(oid, scope)));
  const { facts } = scope;
  for (const column of flow.columns) facts.columns.add(column);
  return facts.columns.size === 0 && (flow.opaque ?? facts.opaque) === undefined ? undefined : { flow, facts };
}

function lineage(facts: Facts, shape: Shape, places: Places): Lineage {
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
    opaque: facts.opaque ?? shape.open,
    meant: facts.meant,
  };
}

function outputOf({ name, flow }: Field, clause: string | undefined): OutputSource {
  const source = { name, columns: [...flow.columns], exact: flow.exact };
  const opaque = flow.opaque ?? clause;
  return opaque === undefined ? source : { ...source, opaque };
}
