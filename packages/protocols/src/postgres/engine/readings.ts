import type { Dialled, Reading, Script, Statement } from '@hoop/core';
import type { Change, Knowledge } from '../knowledge.js';
import type { ReadingContext, SqlReading } from '../sql/context.js';
import { Standing } from './standing.js';

export type Read = (text: string, at: ReadingContext) => readonly SqlReading[];

/** A statement to be read before it is judged. */
export interface Unread {
  statement: Statement;
  /** What the server reads: the statement's text, or the part of it behind what the record has put before it. */
  text: string;
  /** What the protocol puts under a name by it. */
  defines?: { kind: 'statement' | 'portal'; name: string } | undefined;
}

/** What a statement leaves behind, so that a denial can take it back. */
interface Left {
  change: Change | undefined;
  names: { kind: 'statement' | 'portal'; name: string }[];
  path: boolean;
}

/**
 * Reads the statements of one flow, and keeps what their meaning depends on: search paths, names, and what was made since the
 * catalogue was loaded. All of it is a superset of what is in force: it counts from before a statement is sent, so nothing here
 * waits for the server.
 */
export class Readings {
  readonly #read: Read;
  readonly #database: string;
  readonly #prepared = new Standing();
  readonly #cursors = new Standing();
  readonly #left = new WeakMap<Statement, Left>();
  /** Of this flow, until the transaction that they are part of has ended. */
  readonly #open = new Set<Change>();
  #known: Knowledge;
  #paths: readonly (readonly string[])[];
  #setBy: { path: readonly string[] | 'unknown'; by: Statement }[] = [];
  readonly #initial: readonly (readonly string[])[];
  /** Texts that a newer catalogue did not make clearer. */
  #vain = { known: undefined as Knowledge | undefined, texts: new Set<string>() };

  /** `paths`: those that may be in force when the flow opens. */
  constructor(read: Read, database: string, known: Knowledge, paths: readonly (readonly string[])[]) {
    this.#read = read;
    this.#database = database;
    this.#known = known;
    this.#initial = paths;
    this.#paths = paths;
  }

  /** Gives each its readings, in order. */
  *attach(unread: readonly Unread[]): Script {
    yield* this.#learn(false);
    for (const one of unread) {
      const clouded = this.#clouded();
      let readings = this.#first(one);
      if (this.#isWorthLearning(one.text, readings)) {
        const learned = yield* this.#learn(true);
        readings = learned ? this.#of(one) : readings.map(unclear);
      }
      one.statement.readings = shifted(clouded ? readings.map(unclear) : readings, one);
    }
  }

  /** Once more where the text itself adds to what its later commands depend on. */
  #first(one: Unread): readonly SqlReading[] {
    const readings = this.#of(one);
    return this.#leave(one, readings) && readings.length > 1 ? this.#of(one) : readings;
  }

  *#learn(anew: boolean): Script<boolean> {
    const learned = (yield { do: 'learn', database: this.#database, anew }) as Dialled;
    if (learned.ok) this.#known = learned.greeting as Knowledge;
    return learned.ok;
  }

  #of({ text }: Unread): readonly SqlReading[] {
    return this.#read(text, this.#context());
  }

  #context(): ReadingContext {
    const { catalogue, changes } = this.#known;
    return {
      catalogue,
      paths: this.#paths,
      prepared: this.#prepared.texts,
      cursors: this.#cursors.texts,
      made: changes.made,
    };
  }

  /** What a load of the catalogue would see might make it clear. */
  #isWorthLearning(text: string, readings: readonly SqlReading[]): boolean {
    const { changes } = this.#known;
    if (changes.wild) return true;
    if (changes.visible) {
      const names = new Set(changes.made.map(({ name }) => name));
      return readings.some((reading) => isUnclear(reading) || touches(reading, names));
    }
    if (!readings.some(({ missing }) => missing.length > 0)) return false;
    if (this.#vain.known !== this.#known) this.#vain = { known: this.#known, texts: new Set() };
    if (this.#vain.texts.has(text)) return false;
    if (this.#vain.texts.size < 1_000) this.#vain.texts.add(text);
    return true;
  }

  /** This flow's open transaction may have changed anything. */
  #clouded(): boolean {
    for (const { wild } of this.#open) if (wild) return true;
    return false;
  }

  /** Notes what it leaves behind; false: nothing. */
  #leave({ statement, text, defines }: Unread, readings: readonly SqlReading[]): boolean {
    const left: Left = { change: changeOf(readings), names: [], path: false };
    if (left.change !== undefined) {
      this.#known.changes.add(left.change);
      this.#open.add(left.change);
    }
    if (defines !== undefined) this.#define(left, defines.kind, defines.name, text, statement);
    for (const { prepares, declares, setsPath } of readings) {
      if (prepares !== undefined) this.#define(left, 'statement', prepares.name, prepares.text, statement);
      if (declares !== undefined) this.#define(left, 'portal', declares.name, declares.text, statement);
      const paths = setsPath === 'unknown' ? (['unknown'] as const) : setsPath;
      for (const path of paths) this.#setBy.push({ path, by: statement });
      left.path ||= paths.length > 0;
    }
    if (left.path) this.#widen();
    if (left.change === undefined && left.names.length === 0 && !left.path) return false;
    this.#left.set(statement, left);
    return true;
  }

  #define(left: Left, kind: 'statement' | 'portal', name: string, text: string, by: Statement): void {
    if (name === '') return;
    this.#named(kind).define(name, text, by);
    left.names.push({ kind, name });
  }

  #named(kind: 'statement' | 'portal'): Standing {
    return kind === 'statement' ? this.#prepared : this.#cursors;
  }

  #widen(): void {
    const all = new Map(this.#initial.map((path) => [path.join('\0'), path]));
    for (const { path } of this.#setBy) {
      const each = path === 'unknown' ? [...this.#known.catalogue.schemas].map((schema) => [schema]) : [path];
      for (const one of each) all.set(one.join('\0'), one);
    }
    this.#paths = [...all.values()];
  }

  /** It goes to the server now. */
  sent(statement: Statement): void {
    const change = this.#left.get(statement)?.change;
    if (change !== undefined) change.state = 'sent';
  }

  /** It was denied, and leaves nothing. */
  denied(statement: Statement): void {
    const left = this.#left.get(statement);
    if (left === undefined) return;
    this.#left.delete(statement);
    if (left.change !== undefined) {
      this.#open.delete(left.change);
      this.#known.changes.drop(left.change);
    }
    for (const { kind, name } of left.names) this.#named(kind).deny(statement, name);
    if (!left.path) return;
    this.#setBy = this.#setBy.filter(({ by }) => by !== statement);
    this.#widen();
  }

  /** The server has given a name to what the statement defines. */
  confirmed(statement: Statement): void {
    for (const { kind, name } of this.#left.get(statement)?.names ?? []) this.#named(kind).confirm(statement, name);
  }

  /** The server is idle and owes nothing: transactions that were begun are over. */
  idle(): void {
    for (const change of this.#open) {
      if (change.state !== 'sent') continue;
      this.#open.delete(change);
      this.#known.changes.end(change);
    }
  }

  /** The flow is over, and with it what it had begun. */
  over(): void {
    for (const change of this.#open) this.#known.changes.end(change);
    this.#open.clear();
  }
}

function changeOf(readings: readonly SqlReading[]): Change | undefined {
  const made = readings.flatMap(({ makes }) => makes);
  const wild = readings.some(({ traits }) => traits.includes('code'));
  return made.length > 0 || wild ? { made, wild, state: 'asked' } : undefined;
}

const isUnclear = ({ unknown, outputs, missing }: SqlReading): boolean =>
  unknown !== undefined ||
  missing.length > 0 ||
  outputs === undefined ||
  outputs.some(({ opaque }) => opaque !== undefined);

/** The last part of a canonical name. */
const bare = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

const touches = ({ relations, functions }: SqlReading, names: ReadonlySet<string>): boolean =>
  relations.some(({ name, does }) => does !== 'define' && names.has(bare(name))) ||
  functions.some((name) => names.has(bare(name)));

/** What it answers cannot be told. */
const unclear = <T extends Reading>(reading: T): T => ({ ...reading, outputs: undefined });

/** Places count from the beginning of the text that the record has. */
function shifted(readings: readonly SqlReading[], { statement, text }: Unread): readonly Reading[] {
  const by = statement.text.length - text.length;
  if (by === 0) return readings;
  return readings.map((reading) => ({
    ...reading,
    literals: reading.literals.map(({ column, from, to }) => ({ column, from: from + by, to: to + by })),
  }));
}
