import type { Dialled, ProtocolSpec } from '@hoop/core';
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

/**
 * What is known of one database of one upstream: the newest that was loaded, with its age. However many ask, one load runs at a
 * time. Who asks `anew` gets one that began after the question, since what it asks about happened before; who asks in doubt gets
 * that too, as long as doubts have not taken more than their share of the time.
 */
export class Knowledge {
  readonly #load: (before: unknown) => Promise<Dialled>;
  readonly #now: () => number;
  #kept: { knowledge: unknown; at: number; fresh: number; most: number } | undefined;
  #loading: Promise<Dialled> | undefined;
  #next: Promise<Dialled> | undefined;
  #left = DOUBT_MS;
  #leftAt: number;

  constructor(load: (before: unknown) => Promise<Dialled>, now: () => number = () => performance.now()) {
    this.#load = load;
    this.#now = now;
    this.#leftAt = now();
  }

  /** At once where what is known is young enough. A load that fails is a refusal, and leaves what was known. */
  ask(anew: boolean | 'in doubt'): Dialled | Promise<Dialled> {
    if (anew === true || (anew === 'in doubt' && this.#isLeft())) return this.#anew(anew === 'in doubt');
    const kept = this.#kept;
    const age = kept === undefined ? Number.POSITIVE_INFINITY : this.#now() - kept.at;
    if (kept === undefined || age > kept.most) return this.#loading ?? this.#begin();
    if (age > kept.fresh && this.#loading === undefined) void this.#begin();
    return { ok: true, greeting: kept.knowledge };
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
      if (learned.ok) {
        const fresh = Math.max(FRESH_MS, (this.#now() - since) / SHARE);
        this.#kept = { knowledge: learned.greeting, at: since, fresh, most: Math.max(MOST_MS, 2 * fresh) };
      } else if (this.#kept !== undefined) {
        this.#kept.fresh += FRESH_MS;
      }
      return learned;
    });
    return this.#loading;
  }
}

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
    one = new Knowledge((before) => learn(spec, upstream, { database, before }));
    known.set(database, one);
  }
  return one;
}
