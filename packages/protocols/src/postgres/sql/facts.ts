import type { RelationUse, StatementClass, Trait } from '@hoop/core';
import type { Failure, Filled, Made } from './context.js';
import { spend } from './steps.js';

const ORDER: readonly StatementClass[] = ['read', 'write', 'define', 'administer', 'unknown'];

/** What was found out of a command so far; it only grows. */
export class Facts {
  class: StatementClass = 'read';
  unknown: string | undefined;
  unbounded = false;
  /** What it changes hangs on its own parameters. */
  hangs = false;
  /** What the server would say, where that was the first thing in doubt; of what is named in the command itself. */
  fails: Failure | undefined;
  readonly uses = new Map<string, RelationUse>();
  readonly functions = new Set<string>();
  readonly traits = new Set<Trait>();
  readonly missing = new Set<string>();
  readonly executes = new Set<string>();
  /** Kinds of the commands that it runs. */
  readonly runs = new Set<string>();
  readonly makes: Made[] = [];
  readonly fills: Filled[] = [];
  readonly paths: (readonly string[])[] = [];
  anyPath = false;
  /** Functions of users that casts call, by oid: of values that are at hand or are made; nobody need write the cast. */
  readonly casts = new Set<number>();
  /** Names of types of users whose values are at hand or are made. */
  readonly types = new Set<string>();
  /** It goes by a name that only temporary tables were known to have. */
  own = false;
  /** It chooses how rows are found. */
  steers = false;
  /** A function does, for its own while. */
  steered = false;

  raise(to: StatementClass): this {
    if (ORDER.indexOf(to) > ORDER.indexOf(this.class)) this.class = to;
    return this;
  }

  /** `why` completes "it was refused because …": `it runs SQL that it puts together itself`. */
  doubt(why: string): this {
    this.unknown ??= why;
    return this.raise('unknown');
  }

  mark(...traits: readonly Trait[]): this {
    for (const trait of traits) this.traits.add(trait);
    return this;
  }

  use(name: string, does: RelationUse['does']): boolean {
    const key = `${does} ${name}`;
    if (this.uses.has(key)) return false;
    this.uses.set(key, { name, does });
    return true;
  }

  /** `location` is where the command names it, as its parser counts. */
  miss(name: string, what: keyof typeof ABSENT, location?: unknown): this {
    this.missing.add(name);
    const [code, quote] = ABSENT[what];
    this.fail(code, `${what} ${quote}${name}${quote} does not exist`, location);
    return this.doubt(`it names a ${what} that is not known: ${name}`);
  }

  fail(code: string, message: string, location?: unknown): void {
    if (this.unknown === undefined)
      this.fails = { code, message, ...(typeof location === 'number' && { at: location }) };
  }

  setPath(path: readonly string[] | 'unknown'): this {
    if (path === 'unknown') this.anyPath = true;
    else this.paths.push(path);
    return this;
  }

  /** Adds what a part found out: a view's definition, a function's body. */
  add(other: Facts): this {
    spend((other.uses.size + other.functions.size + other.makes.length) / 16);
    // Its places are in a text of its own.
    if (other.fails !== undefined) this.fail(other.fails.code, other.fails.message);
    if (other.unknown !== undefined) this.doubt(other.unknown);
    this.raise(other.class);
    this.unbounded ||= other.unbounded;
    this.anyPath ||= other.anyPath;
    this.own ||= other.own;
    this.steers ||= other.steers;
    this.steered ||= other.steered;
    for (const [key, use] of other.uses) this.uses.set(key, use);
    for (const name of other.functions) this.functions.add(name);
    for (const trait of other.traits) this.traits.add(trait);
    for (const name of other.missing) this.missing.add(name);
    for (const kind of other.runs) this.runs.add(kind);
    for (const name of other.executes) this.executes.add(name);
    for (const oid of other.casts) this.casts.add(oid);
    for (const name of other.types) this.types.add(name);
    this.makes.push(...other.makes);
    this.fills.push(...other.fills);
    this.paths.push(...other.paths);
    return this;
  }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, and what stands around the name. */
const ABSENT = { relation: ['42P01', '"'], function: ['42883', ''], type: ['42704', '"'] } as const;
