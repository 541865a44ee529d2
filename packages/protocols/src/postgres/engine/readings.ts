import type { Dialled, Reading, Script, Statement, StatementClass } from '@hoop/core';
import type { Change, Changes, Knowledge } from '../knowledge.js';
import { type Catalogue, FIRST_OF_USERS } from '../sql/catalogue.js';
import type { Failure, Filled, ReadingContext, SqlReading } from '../sql/context.js';
import type { Given } from '../sql/given.js';
import { isLong } from '../sql/parse.js';
import { changesAll, fillingOf } from '../sql/read.js';
import { type Bound, givenOf } from './bound.js';
import type { Pending } from './ledger.js';
import { withLists } from './lists.js';
import { Standing } from './standing.js';

export type Read = (text: string, at: ReadingContext) => readonly SqlReading[];

/** A statement to be read before it is judged. */
export interface Unread {
  statement: Statement;
  /** What the server reads: the statement's text, or the part of it behind what the record has put before it. */
  text: string;
  /** Oids of its parameters' types, as the client gave them. */
  types?: readonly number[] | undefined;
  /** What its parameters stand for. */
  bound?: Bound | undefined;
  /** What `era` was when the name that it is run by was given. */
  era?: number | undefined;
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
  readonly #failures = new WeakMap<Statement, Failure>();
  /**
   * Counts what may have given names a new meaning that nobody saw: dynamic SQL can DEALLOCATE and PREPARE. A name given before
   * may stand for anything since.
   */
  era = 0;
  /** Of this flow, until the transaction that they are part of has ended. */
  readonly #open = new Set<Change>();
  #known: Knowledge;
  #paths: readonly (readonly string[])[];
  #at: ReadingContext | undefined;
  /** What was read aside last. */
  #long: { text: string; at: ReadingContext; readings: readonly SqlReading[] } | undefined;
  /** What was read last. */
  #last: { text: string; at: ReadingContext; readings: readonly SqlReading[] } | undefined;
  #doubts = false;
  #steered: boolean;
  /** What tables have been filled with: a rollback leaves it, as it only makes wary. */
  #filled: readonly Filled[] | undefined;
  #setBy: { path: readonly string[] | 'unknown'; by: Statement }[] = [];
  readonly #initial: readonly (readonly string[])[];

  /** `paths`: those that may be in force when the flow opens; `steered`: so are settings that choose how rows are found. */
  constructor(read: Read, database: string, known: Knowledge, paths: readonly (readonly string[])[], steered = false) {
    this.#steered = steered;
    this.#read = read;
    this.#database = database;
    this.#known = known;
    this.#initial = paths;
    this.#paths = paths;
  }

  /** As the last statement was read against it. */
  get catalogue(): Catalogue {
    return this.#known.catalogue;
  }

  get changes(): Changes {
    return this.#known.changes;
  }

  /** Gives each its readings, in order. */
  *attach(unread: readonly Unread[]): Script {
    yield* this.#learn(this.#doubts && 'in doubt');
    this.#doubts = false;
    for (const one of unread) {
      const clouded = this.#clouded() || (one.era !== undefined && one.era < this.era);
      const { era } = this;
      let readings = yield* this.#inTime(one);
      this.#leave(one, readings);
      const anew = this.#worthOfLearning(readings);
      if (anew !== false) {
        const learned = yield* this.#learn(anew);
        readings = learned ? yield* this.#inTime(one) : readings.map((reading): SqlReading => surely(unclear(reading)));
      }
      if (one.bound !== undefined && sumOf(readings).hangs)
        readings = yield* this.#judged(one.text, one.bound, readings);
      if (one.bound !== undefined && sumOf(readings).lists) readings = withLists(readings, one.bound, this.catalogue);
      const [only, ...others] = readings;
      if (only?.fails !== undefined && others.length === 0 && !clouded) this.#failures.set(one.statement, only.fails);
      one.statement.class = sumOf(readings).class;
      one.statement.readings = shifted(this.#surelyMeant(readings, clouded, era), one);
    }
  }

  /** What was taken to choose its rows by its parameters, with what these are. */
  *#judged(text: string, bound: Bound, readings: readonly SqlReading[]): Script<readonly SqlReading[]> {
    const at = this.#context();
    for (const given of givenOf(bound, at.catalogue)) {
      const all = isLong(text) ? yield* this.#ponderWith(text, given) : changesAll(text, at, given);
      if (all) return unbounded(readings);
    }
    return readings;
  }

  *#ponderWith(text: string, given: Given): Script<boolean> {
    const at = { ...portable(text, this.#context()), given };
    const pondered = (yield { do: 'read-aside', text, at }) as Dialled;
    return !pondered.ok || (pondered.greeting as readonly SqlReading[]).some(({ hangs }) => hangs === true);
  }

  /** The same array as long as nothing in it is doubted: what controls found out of it holds on. */
  #surelyMeant(readings: readonly SqlReading[], clouded: boolean, era: number): readonly SqlReading[] {
    if (!clouded && !sumOf(readings).executes) return readings;
    const isDoubted = (reading: SqlReading) => clouded || this.#isDoubtful(reading, era);
    return readings.some(isDoubted)
      ? readings.map((reading) => (isDoubted(reading) ? unclear(reading) : reading))
      : readings;
  }

  /** What the server would say of a statement, alone in its text, that it could not begin: it does nothing, so it may be told so. */
  failureOf(statement: Statement): Failure | undefined {
    return this.#failures.get(statement);
  }

  /** An answer was not of the columns that the catalogue has: it may be older than what somebody else has changed. */
  doubt(): void {
    this.#doubts = true;
  }

  /** The catalogue is now a newer one, loaded for the question. */
  *renewed(): Script<boolean> {
    const { catalogue } = this;
    return (yield* this.#learn('in doubt')) && this.catalogue !== catalogue;
  }

  /** What was judged by an older catalogue, read anew. */
  again({ action, portal }: Pick<Pending, 'action' | 'portal'>): readonly Reading[] {
    const clouded = this.#clouded() || (portal !== undefined && portal.era < this.era);
    const { text = '' } = action ?? {};
    return this.#surelyMeant(this.#of({ text, types: portal?.prepared?.types }), clouded, this.era);
  }

  *#learn(anew: boolean | 'in doubt'): Script<boolean> {
    const learned = (yield { do: 'learn', database: this.#database, anew }) as Dialled;
    if (learned.ok) this.#known = learned.greeting as Knowledge;
    return learned.ok;
  }

  /** What is long, or turns out to take long, is read where it holds up nobody. */
  *#inTime(one: Unread): Script<readonly SqlReading[]> {
    if (isLong(one.text)) yield* this.#ponder(one.text);
    const readings = this.#of(one);
    if (readings[0]?.long !== true) return readings;
    yield* this.#ponder(one.text);
    return this.#of(one);
  }

  *#ponder(text: string): Script {
    const at = this.#context();
    const had = this.#long;
    // A batch runs one long text again and again.
    if (had?.text === text && had.at === at && had.readings.every(({ executes }) => executes.length === 0)) return;
    this.#long = undefined;
    const pondered = (yield { do: 'read-aside', text, at: portable(text, at) }) as Dialled;
    if (pondered.ok) this.#long = { text, at, readings: pondered.greeting as readonly SqlReading[] };
  }

  #of(unread: Omit<Unread, 'statement'>): readonly SqlReading[] {
    const { types = [] } = unread;
    const readings = this.#meant(unread);
    return types.some((oid) => this.#checks(oid)) ? readings.map(checked) : readings;
  }

  /** Where a user's function may run, that hangs on the types of parameters. */
  #meant({ text, types = [] }: Omit<Unread, 'statement'>): readonly SqlReading[] {
    const at = this.#context();
    if (this.#long?.at === at && this.#long.text === text) return this.#long.readings;
    const readings = this.#again(text, at) ?? this.#read(text, at);
    this.#last = { text, at, readings };
    if (!sumOf(readings).runsUsers || !/\$\d/.test(text)) return readings;
    const told = this.#read(text, { ...at, told: types });
    return told[0]?.long === true ? readings : told;
  }

  /** What is bound is then executed: one text is asked for several times on end. What EXECUTE runs may change between. */
  #again(text: string, at: ReadingContext): readonly SqlReading[] | undefined {
    const last = this.#last;
    if (last?.at !== at || last.text !== text || sumOf(last.readings).executes) return undefined;
    return last.readings;
  }

  /** To read a value of the type, to cast or to compare it, the server may run what a user wrote. */
  #checks(oid: number): boolean {
    if (oid < FIRST_OF_USERS) return false;
    const { catalogue } = this.#known;
    const type = catalogue.typeByOid.get(oid);
    return (
      type === undefined ||
      type.calls.length + type.castsFrom.length + type.compares.length > 0 ||
      type.checks.length > 0 ||
      isOperated(oid, catalogue) ||
      (type.base !== 0 && this.#checks(type.base))
    );
  }

  /** Planning the statement may run a function that did not come with the server. By what is known now; a slip costs a question. */
  mayRunWhenPlanned(unread: Omit<Unread, 'statement'>): boolean {
    return sumOf(this.#of(unread)).runsUsers;
  }

  /** To plan it, the server has no values but those that the client gives. By what is known now. */
  isOfNoRelation(unread: Omit<Unread, 'statement'>): boolean {
    return sumOf(this.#of(unread)).isOfNoRelation;
  }

  /** One object for as long as nothing changes but what names stand for: a reader's memory goes by it. */
  #context(): ReadingContext {
    const { catalogue, changes } = this.#known;
    const { made } = changes;
    const at = this.#at;
    const same = at?.catalogue === catalogue && at.paths === this.#paths && at.made === made;
    if (same && (at.steered === true) === this.#steered && at.filled === this.#filled) return at;
    const [prepared, cursors] = [this.#prepared.texts, this.#cursors.texts];
    this.#at = {
      catalogue,
      paths: this.#paths,
      prepared,
      cursors,
      made,
      filled: this.#filled,
      ...(this.#steered && { steered: true }),
    };
    return this.#at;
  }

  /** What a load of the catalogue would see might make it clear. What is only missing may be there since, or never have been. */
  #worthOfLearning(readings: readonly SqlReading[]): boolean | 'in doubt' {
    const { changes } = this.#known;
    if (changes.wild || readings.some(({ own }) => own === true)) return true;
    const { visible } = changes;
    if (visible.length > 0) {
      const names = new Set(visible.map(({ name }) => name));
      if (readings.some((reading) => isUnclear(reading) || touches(reading, names))) return true;
    }
    return sumOf(readings).misses && 'in doubt';
  }

  /** This flow's open transaction may have changed anything. */
  #clouded(): boolean {
    for (const { wild } of this.#open) if (wild) return true;
    return false;
  }

  /** It runs a name that may stand for something else by now. */
  #isDoubtful({ executes }: SqlReading, era: number): boolean {
    return executes.some((name) => this.#prepared.isOlder(name, era) || this.#cursors.isOlder(name, era));
  }

  /** Notes what it leaves behind. */
  #leave({ statement, text, defines }: Unread, readings: readonly SqlReading[]): void {
    if (defines === undefined && !sumOf(readings).leaves) return;
    this.#steered ||= readings.some(({ steers }) => steers === true);
    this.#filled = fillingOf(this.#filled, readings) ?? this.#filled;
    const left: Left = { change: changeOf(readings), names: [], path: false };
    if (left.change !== undefined) {
      this.#known.changes.add(left.change);
      this.#open.add(left.change);
      if (left.change.wild) this.era += 1;
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
    if (left.change !== undefined || left.names.length > 0 || left.path) this.#left.set(statement, left);
  }

  #define(left: Left, kind: 'statement' | 'portal', name: string, text: string, by: Statement): void {
    if (name === '') return;
    this.#named(kind).define(name, text, by, this.era);
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

/** What names stand for goes along only where the text may ask for it. */
function portable(text: string, at: ReadingContext): ReadingContext {
  const { prepared: _prepared, cursors: _cursors, ...rest } = at;
  return /\b(?:execute|fetch|move)\b/i.test(text) ? at : rest;
}

/** What is asked of a text's readings each time it is sent. */
interface Sum {
  class: StatementClass;
  /** It changes what later statements mean. */
  leaves: boolean;
  executes: boolean;
  hangs: boolean;
  lists: boolean;
  misses: boolean;
  /** A user's function may run. */
  runsUsers: boolean;
  isOfNoRelation: boolean;
}

const sums = new WeakMap<readonly SqlReading[], Sum>();

function sumOf(readings: readonly SqlReading[]): Sum {
  const known = sums.get(readings);
  if (known !== undefined) return known;
  const sum: Sum = {
    class: classOf(readings),
    leaves: changeOf(readings) !== undefined || readings.some(isNaming),
    executes: readings.some(({ executes }) => executes.length > 0),
    hangs: readings.some(({ hangs }) => hangs === true),
    lists: readings.some(({ lists }) => lists !== undefined),
    misses: readings.some(isMissing),
    runsUsers: readings.some(runsUsers),
    isOfNoRelation: readings.every(isOfNoRelation),
  };
  sums.set(readings, sum);
  return sum;
}

const isNaming = ({ prepares, declares, setsPath, steers, fills }: SqlReading): boolean =>
  [prepares, declares, fills].some((one) => one !== undefined) || setsPath.length > 0 || steers === true;
const runsUsers = ({ class: itsClass, functions }: SqlReading): boolean =>
  itsClass === 'unknown' || functions.some((name) => !name.startsWith('pg_catalog.'));
const isOfNoRelation = ({ class: itsClass, relations, columns, traits }: SqlReading): boolean =>
  itsClass !== 'unknown' && relations.length + columns.length + traits.length === 0;

function changeOf(readings: readonly SqlReading[]): Change | undefined {
  const made = readings.flatMap(({ makes }) => makes);
  const wild = readings.some(({ traits }) => traits.includes('code'));
  return made.length > 0 || wild ? { made, wild, state: 'asked' } : undefined;
}

const isMissing = ({ missing }: SqlReading): boolean => missing.length > 0;

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

const CLASSES: readonly StatementClass[] = ['read', 'write', 'define', 'administer', 'unknown'];

/** The gravest of its commands'; of a text without any, there is nothing to be said. */
const classOf = (readings: readonly SqlReading[]): StatementClass =>
  CLASSES[Math.max(...readings.map((reading) => CLASSES.indexOf(reading.class)))] ?? 'unknown';

/** Somebody has an operator that takes the type; an extension's are what their names say. */
const isOperated = (oid: number, { operators, routineByOid }: Catalogue): boolean =>
  [...operators.values()].some((all) =>
    all.some(({ takes, calls }) => takes.includes(oid) && !calls.every((call) => routineByOid.get(call)?.extension)),
  );

const checked = (reading: SqlReading): SqlReading => ({
  ...reading,
  class: 'unknown',
  unknown: reading.unknown ?? 'a parameter is of a type whose checks may run anything',
});

/** The same array for the same readings: what controls found out of it holds on. */
function unbounded(readings: readonly SqlReading[]): readonly SqlReading[] {
  const known = unboundeds.get(readings);
  const made = known ?? readings.map((one) => (one.hangs === true ? { ...one, unbounded: true } : one));
  if (known === undefined) unboundeds.set(readings, made);
  return made;
}
const unboundeds = new WeakMap<readonly SqlReading[], readonly SqlReading[]>();

/** What it answers cannot be told. */
const unclear = <T extends Reading>(reading: T): T => ({ ...reading, outputs: undefined });

/** What is not in an old catalogue may be there all the same. */
const surely = ({ fails: _fails, ...reading }: SqlReading): SqlReading => reading;

/** Places count from the beginning of the text that the record has. */
function shifted(readings: readonly SqlReading[], { statement, text }: Unread): readonly Reading[] {
  const by = statement.text.length - text.length;
  if (by === 0) return readings;
  return readings.map((reading) => ({
    ...reading,
    literals: reading.literals.map(({ column, from, to }) => ({ column, from: from + by, to: to + by })),
  }));
}
