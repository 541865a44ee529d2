import type { Predicate, Reading, RelationUse } from '@hoop/core';
import type { Listed } from '../context.js';
import type { Overload } from '../overloads.js';
import { spend } from '../steps.js';
import type { Declared } from '../variables.js';
import type { Constants, Elements } from './elements.js';
import { type Flow, FREE, widened } from './flow.js';
import { type Marks, marksIn, NO_MARKS } from './marks.js';
import type { Places } from './places.js';

/** Constants that a column may be set equal to in one command before it is called a range: a list would tell as much. */
export const EQUALITIES = 10;

type Adopted = Pick<Reading, 'relations' | 'columns' | 'predicates' | 'stores' | 'loads'> & {
  opaque: string | undefined;
  foreign?: string | undefined;
};

/** Steps for a text of no length; each of its characters adds one. An ordinary command takes a few hundred. */
const STEPS = 10_000;

/** What is asked of columns. */
export interface Asks {
  ask(flow: Flow, how: Predicate['how']): void;
  /** An equality with constants. `given`: with what somebody gives a body, too. */
  askEqual(flow: Flow, constants: Constants, given?: boolean): void;
}

/** What is asked of columns for a value that is not shown: nobody learns of it, unless it decides on more than the value. */
export class Held implements Asks {
  readonly #asked: ((to: Asks) => void)[] = [];

  ask(flow: Flow, how: Predicate['how']): void {
    this.#asked.push((to) => to.ask(flow, how));
  }

  askEqual(flow: Flow, constants: Constants, given?: boolean): void {
    this.#asked.push((to) => to.askEqual(flow, constants, given));
  }

  tell(to: Asks): void {
    for (const ask of this.#asked) ask(to);
  }
}

/** What is given for a parameter. */
export interface Given {
  flow: Flow;
  /** It is one value, known before the first row, and made of no column. */
  constant: boolean;
  /** What it holds as an array. */
  elements: Elements;
}

/** What a command was found to do, each fact once. */
export class Facts implements Asks {
  readonly relations = new Map<string, RelationUse>();
  readonly columns = new Set<string>();
  readonly stores = new Set<string>();
  /** Columns that it names and nothing is known to have. */
  readonly missing = new Set<string>();
  /** The first thing that was not understood. */
  opaque: string | undefined;
  /** Why a function, operator or cast that did not come with the server may have given anything. */
  foreign: string | undefined;
  /** It shows settings, which may hold what it has itself put there. */
  showsSettings = false;
  /** What casts may answer that nobody has written, and come by: it is in whatever is made of a value. Undefined where that is nothing. */
  besides: { flow: Flow; facts: Facts } | undefined;
  /** Overloads that its calls and operators were found to mean, by their nodes. */
  readonly meant = new Map<object, Set<Overload>>();
  /** Of a function's body, or of PREPARE: the types of its parameters. */
  takes: readonly number[] = [];
  /** Its other parameters come with a message, which says of what types they are; none of them is a user's. */
  sent = false;
  /** Of a body: names that may mean its variables, whatever else they are, with their types. */
  variables: Declared['variables'] = new Map();
  /** What its parameters stand for, where a command of the same session gives them. */
  given: readonly Given[] = [];
  /** Parameters that stand in its text once. */
  once: ReadonlySet<number> = new Set();
  /** Of a cursor that was opened before: what its parameters stood for is settled. */
  opened = false;
  /** Its parameters may be of types with collations of their own. */
  loose = false;
  /** Of a function's body: it tells whether what it is given is there, since it compares it, or puts it in without failing. */
  readonly attempts = new Set<string>();
  /** Columns that values are put into, and those that many are at once. */
  readonly puts = new Set<string>();
  readonly loads = new Set<string>();
  /** Columns of rows whose size it measures. */
  readonly measured = new Set<string>();
  /** It is of a body. */
  isBody = false;
  /** It is of a block: nobody else gives it anything. */
  isBlock = false;
  /** Of a block: columns of which it asked whether they are a constant that is written there. */
  readonly asked = new Set<string>();
  /** Of a body: columns whose values decide on what it does. */
  control: ReadonlySet<string> = new Set();
  /** Of a body: it goes on after an error. */
  catches = false;
  /** Of a body: it may run its commands again and again. */
  repeats = false;
  /** It calls itself, or what calls it. */
  round = false;
  #steps: number;
  #tries = 0;
  readonly #predicates = new Map<string, Predicate>();
  readonly #equalities = new Map<string, Set<string>>();
  readonly #lists = new Map<string, Set<number>>();
  readonly #constants = new Map<string, Set<Marks>>();
  readonly #parameters = new Map<string, Set<Marks>>();

  constructor(length = 0) {
    this.#steps = STEPS + length;
  }

  relation(name: string, does: RelationUse['does']): void {
    this.relations.set(`${does} ${name}`, { name, does });
  }

  /** The command's effect depends on the value. */
  touch(flow: Flow): Flow {
    spend(flow.columns.size / 32);
    for (const column of flow.columns) this.columns.add(column);
    this.opaque ??= flow.opaque;
    return flow;
  }

  /** Of a block: what a condition asks is whether columns are constants that are written there; `had`: what it came by before that. */
  askedOnly(flows: readonly Flow[], had: ReadonlySet<string>): void {
    for (const column of flows.flatMap(({ columns }) => [...columns])) {
      this.asked.add(column);
      if (!had.has(column)) this.columns.delete(column);
    }
  }

  /** A call or an operator means these, among others perhaps: it may be read more than once. */
  mean(node: object, found: readonly Overload[]): void {
    const all = this.meant.get(node) ?? new Set();
    for (const one of found) all.add(one);
    this.meant.set(node, all);
  }

  ask(flow: Flow, how: Predicate['how']): void {
    this.touch(flow);
    spend(flow.columns.size / 8);
    for (const column of flow.columns) this.#predicates.set(`${how} ${column}`, { column, how });
    if (this.besides === undefined || !isMade(flow)) return;
    for (const column of this.widen(flow).columns)
      this.#predicates.set(`function ${column}`, { column, how: 'function' });
  }

  /** A value that is made in some way, which may be what a cast answers. */
  widen(flow: Flow): Flow {
    if (this.besides === undefined) return flow;
    this.include(this.besides.facts);
    return widened(flow, this.besides.flow);
  }

  /** The same of one of another type than it goes into. */
  converted(flow: Flow, type: number | undefined): Flow {
    return isMade({ ...flow, exact: flow.exact && flow.type === type }) ? this.widen(flow) : flow;
  }

  /** Rows are told apart by a value; by what is made of a column, that is a question about the column too. */
  group(flow: Flow): void {
    this.ask(flow, 'group');
    if (!flow.exact) this.ask(flow, 'function');
  }

  askEqual(flow: Flow, { marks, parameters }: Constants, given = false): void {
    this.touch(flow);
    this.#equal(flow, marks);
    if (given) this.attempt(flow.columns);
    for (const column of parameters.length === 0 ? [] : flow.columns) {
      const of = this.#lists.get(column) ?? new Set();
      this.#lists.set(column, of);
      for (const parameter of parameters) of.add(parameter);
    }
  }

  /** What a parameter holds as an array. */
  elements(parameter: number): Elements {
    if (this.loose) return 'varies';
    const given = this.given[parameter];
    if (given !== undefined) return given.elements;
    // What a cursor was opened with has been judged then.
    if (this.opened) return { marks: [], parameters: [] };
    return this.sent ? { marks: [], parameters: [parameter] } : 'unknown';
  }

  #equal(flow: Pick<Flow, 'columns'>, marks: readonly string[]): void {
    for (const column of flow.columns) {
      this.#predicates.set(`equality ${column}`, { column, how: 'equality' });
      const of = this.#equalities.get(column) ?? new Set();
      for (const mark of marks) of.add(mark);
      this.#equalities.set(column, of);
      if (of.size > EQUALITIES) this.#predicates.set(`range ${column}`, { column, how: 'range' });
    }
  }

  /** Rows are put in, and each that is there already is left out: `marks` tell them from others, undefined where they may be many. */
  attemptRows(flow: Pick<Flow, 'columns'>, marks: readonly string[] | undefined): void {
    if (marks === undefined) this.repeated(flow.columns);
    else this.#equal(flow, marks);
    this.attempt(flow.columns);
  }

  /** A value is put where that tells whether it is there already; one after the other, they ask what a join does. */
  attempt(columns: ReadonlySet<string>): void {
    for (const column of columns) this.attempts.add(column);
    if (this.repeats) this.repeated(columns);
  }

  put(columns: ReadonlySet<string>): void {
    for (const column of columns) this.puts.add(column);
    if (this.catches) {
      this.attempt(columns);
      this.#equal({ columns }, [`${this.#tries++}`]);
    }
    if (this.repeats) this.load(columns);
  }

  /** Whether one of them was there already is told by an error, and by what a body does after it. */
  load(columns: Iterable<string>): void {
    const all = new Set(columns);
    for (const column of all) this.loads.add(column);
    if (this.catches) this.repeated(all);
  }

  repeated(columns: ReadonlySet<string>): void {
    for (const column of columns) this.#predicates.set(`join ${column}`, { column, how: 'join' });
  }

  /** Values are stored under the names `into`, where these are known. */
  store(flow: Flow, into: ReadonlySet<string>): void {
    this.touch(flow);
    for (const columns of [flow.columns, flow.holds ?? [], this.control])
      for (const column of columns) if (!into.has(column)) this.stores.add(column);
    if (this.besides !== undefined && isMade(flow))
      for (const column of this.widen(FREE).columns) this.stores.add(column);
  }

  /** Values are compared or made one: what is constant in one shows what the columns of the others may hold. */
  meet(flows: readonly Flow[]): void {
    const told = flows.filter((flow) => flow.constants !== NO_MARKS || flow.parameters !== NO_MARKS);
    if (told.length === 0) return;
    for (const flow of flows) {
      spend((flow.columns.size * told.length) / 8);
      for (const column of flow.columns) for (const other of told) if (other !== flow) this.tell(column, other);
    }
  }

  /** The constants of a value show what a column holds. */
  tell(column: string, flow: Flow): void {
    add(this.#constants, column, flow.constants);
    add(this.#parameters, column, flow.parameters);
  }

  /** A body is read once more. */
  again(): void {
    this.#tries = 0;
  }

  /** Counts the steps of a reading. Throws where there are too many, as of queries in queries that are each read again and again. */
  spend(): void {
    spend(2);
    this.#steps--;
    if (this.#steps < 0) throw new RangeError('too many steps');
  }

  /** What another text does is done by this command too; its places are in that text, and are left there. */
  adopt(other: Adopted): void {
    for (const use of other.relations) this.relation(use.name, use.does);
    for (const column of other.columns) this.columns.add(column);
    for (const column of other.stores) this.stores.add(column);
    this.load(other.loads ?? []);
    for (const predicate of other.predicates) this.#predicates.set(`${predicate.how} ${predicate.column}`, predicate);
    this.opaque ??= other.opaque;
    this.foreign ??= other.foreign;
  }

  /** What a function's body does is done by who calls it. */
  include(body: Facts): void {
    this.round ||= body.round;
    this.adopt({
      ...body,
      relations: [...body.relations.values()],
      columns: [...body.columns],
      stores: [...body.stores],
      loads: [...body.loads],
      predicates: body.predicates(),
    });
  }

  unbind(): void {
    this.#parameters.clear();
    this.#lists.clear();
  }

  lists(): Listed[] {
    return [...this.#lists].map(([column, parameters]) => ({
      column,
      parameters: [...parameters],
      besides: this.#equalities.get(column)?.size ?? 0,
    }));
  }

  predicates(): Predicate[] {
    return [...this.#predicates.values()];
  }

  literals(places: Places): Reading['literals'] {
    return pairs(this.#constants).flatMap(([column, offset]) => {
      const place = places.constant(offset);
      return place === undefined ? [] : [{ column, from: place.from, to: place.to }];
    });
  }

  bound(): Reading['bound'] {
    return pairs(this.#parameters).map(([column, number]) => ({ column, parameter: number - 1 }));
  }
}

/** It is no column's value as it stands there, nor written in the text. */
const isMade = ({ exact, columns, constants, parameters }: Flow): boolean =>
  !exact && (columns.size > 0 || (constants === NO_MARKS && parameters === NO_MARKS));

function add(to: Map<string, Set<Marks>>, column: string, marks: Marks): void {
  if (marks === NO_MARKS) return;
  const of = to.get(column) ?? new Set<Marks>();
  to.set(column, of.add(marks));
}

function pairs(of: ReadonlyMap<string, ReadonlySet<Marks>>): [string, number][] {
  return [...of].flatMap(([column, marks]) =>
    [...marksIn({ parts: [...marks] })]
      .sort((one, other) => one - other)
      .map((number): [string, number] => [column, number]),
  );
}
