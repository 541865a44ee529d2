import type { Compared, Dialled, ProtocolSpec, Ran } from '@hoop/core';
import { Sides } from './credentials/sides.js';
import { learn } from './dial.js';
import type { Upstream } from './ports.js';

/** Younger than this it is given as it is; older, it is also loaded anew behind the asker's back. */
const FRESH_MS = 30_000;
/** Older than this it is given to nobody. */
const MOST_MS = 120_000;
/** What takes long to load is loaded more rarely: at most this share of the time goes into loading. */
const SHARE = 0.05;
/** What may be spent at once on loads that are asked for in doubt; it comes back as time goes by. */
const DOUBT_MS = 3_000;
/** It is compared with what the upstream has now as often as this while somebody asks, more rarely where that takes long: */
const COMPARED_MS = 1_000;
/** at most this share of the upstream's time goes into comparing. */
const COMPARING = 0.005;
/** What differed was loaded in so long: the next comparison is so many times later, or loading were all that is done while somebody migrates. */
const LOADS_APART = 3;
/** An asker that comes so much later waits for the comparison. */
const BEHIND_MS = 1_000;
/** How long the connection for that outlasts the last flow: less than somebody who drops the database waits. */
const LEAVE_MS = 2_000;

/** Compares what a load gave with what the upstream has now. */
export interface Comparing {
  run(knowledge: unknown, surely: boolean): Promise<Ran<Compared>>;
  /** Nobody asks any more. */
  close(): void;
}

interface Kept {
  knowledge: unknown;
  /** When the load began. */
  at: number;
  fresh: number;
  most: number;
  /** When the last load or comparison began that showed it to be so, and how long that is good for. */
  shown: number;
  every: number;
  /** When everything has to be compared again, whatever the upstream's own counts tell. */
  surely: number;
}

/**
 * What is known of one database of one upstream: the newest that was loaded, with its age. However many ask, one load runs at a
 * time. Who asks `anew` gets one that began after the question, since what it asks about happened before; who asks in doubt gets
 * that too, as long as doubts have not taken more than their share of the time. What somebody changes beside our flows is found by
 * comparisons.
 */
export class Knowledge {
  readonly #load: (before: unknown) => Promise<Dialled>;
  readonly #comparing: Comparing;
  readonly #now: () => number;
  #kept: Kept | undefined;
  #loading: Promise<Dialled> | undefined;
  #next: Promise<Dialled> | undefined;
  #compared: Promise<void> | undefined;
  #left = DOUBT_MS;
  #leftAt: number;
  #flows = 0;
  #leaving: NodeJS.Timeout | undefined;

  constructor(
    load: (before: unknown) => Promise<Dialled>,
    comparing: Comparing,
    now: () => number = () => performance.now(),
  ) {
    this.#load = load;
    this.#comparing = comparing;
    this.#now = now;
    this.#leftAt = now();
  }

  /** Somebody is going to ask, until what is given is called. */
  hold(): () => void {
    this.#flows += 1;
    clearTimeout(this.#leaving);
    return () => {
      this.#flows -= 1;
      if (this.#flows === 0) this.#leaving = setTimeout(() => this.#comparing.close(), LEAVE_MS).unref();
    };
  }

  /** At once where what is known is young enough. A load that fails is a refusal, and leaves what was known. */
  ask(anew: boolean | 'in doubt'): Dialled | Promise<Dialled> {
    if (anew === true || (anew === 'in doubt' && this.#isLeft())) return this.#anew(anew === 'in doubt');
    const kept = this.#kept;
    const age = kept === undefined ? Number.POSITIVE_INFINITY : this.#now() - kept.at;
    if (kept === undefined || age > kept.most) return this.#loading ?? this.#begin();
    if (age > kept.fresh && this.#loading === undefined) void this.#begin();
    return this.#shown(kept);
  }

  #shown(kept: Kept): Dialled | Promise<Dialled> {
    const age = this.#now() - kept.shown;
    if (age > kept.every) this.#compared ??= this.#compare(kept);
    const late = age > kept.every + BEHIND_MS ? this.#compared : undefined;
    return late?.then(() => given(this.#kept ?? kept)) ?? given(kept);
  }

  /**
   * What differs is loaded anew, and where that fails, given as it is. What cannot be compared is so
   * too, and tried again after twice the time that it took to find that out.
   */
  async #compare(kept: Kept): Promise<void> {
    const since = this.#now();
    const surely = since >= kept.surely;
    const ran = await this.#comparing.run(kept.knowledge, surely);
    const dear = !ran.ok ? 2 * (this.#now() - since) : surely ? 0 : ran.answer.ms / COMPARING;
    kept.every = Math.max(COMPARED_MS, dear);
    if (ran.ok && surely) kept.surely = since + ran.answer.ms / COMPARING;
    if (ran.ok && !ran.answer.same && this.#kept === kept) await this.#different();
    kept.shown = since;
    this.#compared = undefined;
  }

  async #different(): Promise<void> {
    const since = this.#now();
    await this.#anew(false);
    if (this.#kept !== undefined) this.#kept.every = Math.max(COMPARED_MS, LOADS_APART * (this.#now() - since));
  }

  #isLeft(): boolean {
    const now = this.#now();
    this.#left = Math.min(DOUBT_MS, this.#left + SHARE * (now - this.#leftAt));
    this.#leftAt = now;
    return this.#left > 0;
  }

  #anew(doubted: boolean): Promise<Dialled> {
    if (this.#loading === undefined) return this.#begin(doubted);
    this.#next ??= this.#loading.then(() => {
      this.#next = undefined;
      return this.#begin(doubted);
    });
    return this.#next;
  }

  #begin(doubted = false): Promise<Dialled> {
    const since = this.#now();
    this.#loading = this.#load(this.#kept?.knowledge).then((learned) => {
      this.#loading = undefined;
      if (doubted) this.#left -= this.#now() - since;
      if (learned.ok) this.#keep(learned.greeting, since);
      else if (this.#kept !== undefined) this.#kept.fresh += FRESH_MS;
      return learned;
    });
    return this.#loading;
  }

  #keep(knowledge: unknown, since: number): void {
    const fresh = Math.max(FRESH_MS, (this.#now() - since) / SHARE);
    const most = Math.max(MOST_MS, 2 * fresh);
    const { every = COMPARED_MS, surely = since } = this.#kept ?? {};
    this.#kept = { knowledge, at: since, fresh, most, shown: since, every, surely };
  }
}

const given = ({ knowledge }: Kept): Dialled => ({ ok: true, greeting: knowledge });

/** Of the whole process: an upstream's, for as long as the configuration that names it is in force. */
const KNOWN = new WeakMap<Upstream, Map<string, Knowledge>>();

export function knowledgeOf(spec: ProtocolSpec, upstream: Upstream, database: string): Knowledge {
  let known = KNOWN.get(upstream);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(upstream, known);
  }
  let one = known.get(database);
  if (one === undefined) {
    one = new Knowledge((before) => learn(spec, upstream, { database, before }), comparingOf(upstream, database));
    known.set(database, one);
  }
  return one;
}

function comparingOf(upstream: Upstream, database: string): Comparing {
  const sides = new Sides();
  const place = { upstream, database, purpose: 'compare' } as const;
  return {
    run: (knowledge, surely) => sides.run(place, { do: 'compare', knowledge, surely }),
    close: () => sides.close(),
  };
}
