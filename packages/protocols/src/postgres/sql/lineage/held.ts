import type { Text } from './blocks.js';
import type { Facts } from './facts.js';
import { type Flow, FREE, type Shape } from './flow.js';

/** What the variables of a body hold: the columns whose values may have been put into each, by field where it is a record. */
export class Held {
  readonly #fields = new Map<string, Map<string, Set<string>>>();
  readonly #others: readonly string[];
  /** Columns whose values decide on what the body does, and so are in all that it puts somewhere. */
  readonly control = new Set<string>();
  size = 0;

  /** `others`: what they are given is no text's answer, and may be all that the body comes by. */
  constructor(others: readonly string[]) {
    this.#others = others;
  }

  /** What a text answers is put where it says. */
  take({ into, decides }: Text, { fields, open }: Shape, { columns }: Facts): void {
    for (const name of this.#others) this.#put(name, '', columns);
    const given = fields.flatMap(({ name, flow }) => flow.row ?? [{ name, flow }]);
    for (const [place, { name, flow }] of given.entries()) {
      const all = [...flow.columns, ...(flow.holds ?? [])];
      if (decides) this.#add(this.control, all);
      const own = into.length === given.length ? into.slice(place, place + 1) : into;
      for (const variable of own) this.#put(variable, name, all);
    }
    for (const variable of into) this.#put(variable, '', open === undefined ? this.control : columns);
  }

  /** Undefined where it holds nothing. */
  flowOf(name: string): Flow | undefined {
    const holds = new Set([...(this.#fields.get(name)?.values() ?? [])].flatMap((columns) => [...columns]));
    return holds.size === 0 ? undefined : { ...FREE, holds };
  }

  flowOfAll(): Flow | undefined {
    const holds = new Set([...this.#fields.keys()].flatMap((name) => [...(this.flowOf(name)?.holds ?? [])]));
    return holds.size === 0 ? undefined : { ...FREE, holds };
  }

  partsOf(name: string): ReadonlyMap<string, Flow> {
    const own = this.#fields.get(name) ?? new Map<string, Set<string>>();
    const always = own.get('') ?? [];
    return new Map([...own].map(([field, columns]) => [field, { ...FREE, holds: new Set([...columns, ...always]) }]));
  }

  #put(variable: string, field: string, columns: Iterable<string>): void {
    const own = this.#fields.get(variable) ?? new Map<string, Set<string>>();
    this.#fields.set(variable, own);
    const held = own.get(field) ?? new Set<string>();
    own.set(field, held);
    this.#add(held, columns);
  }

  #add(to: Set<string>, columns: Iterable<string>): void {
    const before = to.size;
    for (const column of columns) to.add(column);
    this.size += to.size - before;
  }
}
