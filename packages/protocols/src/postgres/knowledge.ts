import type { ConnectScript, LearnOptions } from '@hoop/core';
import type { Catalogue } from './sql/catalogue.js';
import type { Made } from './sql/context.js';
import type { Learned } from './sql/learn.js';

/** What `learn` gives: the catalogue as one load saw it, and what has changed since. */
export interface Knowledge extends Learned {
  changes: Changes;
}

/** What one statement may change in the catalogue. */
export interface Change {
  made: readonly Made[];
  /** What it changes cannot be told. */
  wild: boolean;
  /** `asked` by a client, `sent` to the server, and the clock's count when its transaction had ended. */
  state: 'asked' | 'sent' | number;
}

/**
 * Changes that flows of ours have made to one database and that no load has seen yet; shared by all its flows. One counts from
 * before it is sent until a load that began after its transaction's end: so nobody reads by what was true before it.
 */
export class Changes {
  #clock = 0;
  /** Descriptions of columns that did not agree with a catalogue that was loaded after them either. */
  readonly settled = new WeakSet<readonly object[]>();
  readonly #all = new Set<Change>();
  #made: readonly Made[] | undefined;

  get clock(): number {
    return this.#clock;
  }

  /** Every name that may mean something else than the catalogue has it. */
  get made(): readonly Made[] {
    this.#made ??= [...this.#all].flatMap(({ made }) => made);
    return this.#made;
  }

  /** What those that are over have made, which a load would see. */
  get visible(): readonly Made[] {
    return [...this.#all].flatMap(({ state, made }) => (typeof state === 'number' ? made : []));
  }

  /** One of them is over, and might have changed anything. */
  get wild(): boolean {
    for (const { state, wild } of this.#all) if (wild && typeof state === 'number') return true;
    return false;
  }

  add(change: Change): void {
    this.#all.add(change);
    this.#made = undefined;
  }

  drop(change: Change): void {
    this.#all.delete(change);
    this.#made = undefined;
  }

  /** Its transaction has ended, well or not. */
  end(change: Change): void {
    this.#clock += 1;
    change.state = this.#clock;
  }

  /** A load that began when the clock was at `clock` is in. */
  seen(clock: number): void {
    for (const change of this.#all) {
      if (typeof change.state === 'number' && change.state <= clock) this.#all.delete(change);
    }
    this.#made = undefined;
  }
}

type Load = (options: LearnOptions, before: Catalogue | undefined) => ConnectScript;

/** Wraps a script that loads a catalogue: what changes meanwhile stays known. */
export function* learning(load: Load, options: LearnOptions): ConnectScript {
  const before = options.before as Knowledge | undefined;
  const changes = before?.changes ?? new Changes();
  const { clock } = changes;
  const loaded = yield* load(options, before?.catalogue);
  if (!loaded.ok) return loaded;
  changes.seen(clock);
  const knowledge: Knowledge = { ...(loaded.greeting as Learned), changes };
  return { ok: true, greeting: knowledge };
}
