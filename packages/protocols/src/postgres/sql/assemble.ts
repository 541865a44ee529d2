import { createHash } from 'node:crypto';
import { ProtocolError } from '@hoop/core';
import type { Catalogue, Operator, OperatorClass, Relation, Routine, UserOperator, UserType } from './catalogue.js';
import { splitPath } from './settings.js';

type Cell = string | number | boolean | null | Cell[];
type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Objects with an oid below this came with the server (FirstNormalObjectId). */
const FIRST_OWN = 16_384;
/** UTF-16 units of rows that are hashed at once. */
const HASHED = 64 * 1024;
const VOLATILITY = { i: 'immutable', s: 'stable', v: 'volatile' } as const;

/** What each catalogue was made of, and what it has that was written out. */
const digests = new WeakMap<Catalogue, string>();
const texts = new WeakMap<Catalogue, ReadonlyMap<string, string>>();
/** Rows whose last cell the server writes out of what the one before it is a digest of. */
const WRITTEN: ReadonlySet<string> = new Set([
  'generated',
  'default',
  'on-write',
  'on-read',
  'indexed',
  'definition',
  'rule',
]);
/** Stands for SQL that could not be had. */
const UNREADABLE = '?';

/** Makes a catalogue of the rows that `learn` reads; each is a JSON array that says first what it is about. */
export class Assembly {
  #version = 0;
  #user = '';
  #path: readonly string[] | undefined;
  readonly #schemas = new Set<string>();
  readonly #extensions = new Set<string>();
  readonly #modules = new Set<string>();
  readonly #things = new Set<string>();
  readonly #relations = new Map<number, Open<Relation>>();
  readonly #routines = new Map<number, Open<Routine>>();
  readonly #operators: UserOperator[] = [];
  readonly #systemOperators: Operator[] = [];
  readonly #classes: OperatorClass[] = [];
  readonly #implicit = new Map<number, Set<number>>();
  readonly #types = new Map<number, Open<UserType>>();
  readonly #ruled = new Map<number, number>();
  readonly #hash = createHash('sha256');
  /** Rows that are to be hashed, many at once. */
  #rows = '';
  /** What the server has written out, by what it wrote it out of; and what it could not without waiting for somebody. */
  readonly #texts = new Map<string, string>();
  readonly #unwritten = new Map<string, Cell[]>();

  add(row: string): void {
    const cells = parsed(row);
    const isWritten = WRITTEN.has(String(cells[0]));
    this.#rows += isWritten ? this.#write(cells) : `${row}\n`;
    if (this.#rows.length > HASHED) this.#digest();
    if (!isWritten) this.#take(cells);
  }

  #take([about, ...cells]: readonly Cell[]): void {
    const take = this.#takers[String(about)];
    if (take === undefined) throw new ProtocolError('a row of the catalogue that was not asked for');
    take(new Cells(cells));
  }

  /** What is written out follows from the rest of the catalogue, so that says whether it is another one. */
  #write(cells: readonly Cell[]): string {
    const text = cells.at(-1);
    const key = JSON.stringify(cells.slice(0, -1));
    if (typeof text === 'string') {
      this.#texts.set(key, text);
      this.#take([...cells.slice(0, -2), text]);
    } else this.#unwritten.set(key, cells.slice(0, -2));
    return `${key}\n`;
  }

  /** What could not be written out now is what it was before, as long as nothing has another name. */
  #settle(before: Catalogue | undefined): void {
    if (this.#unwritten.size === 0) return;
    const known = before !== undefined && isNamedAlike(before.byOid, this.#relations) ? texts.get(before) : undefined;
    for (const [key, cells] of this.#unwritten) {
      const text = known?.get(key);
      if (text === undefined) this.#rows += `unwritten ${key}\n`;
      else this.#texts.set(key, text);
      if (text !== undefined || cells[0] !== 'definition') this.#take([...cells, text ?? UNREADABLE]);
    }
  }

  #digest(): void {
    this.#hash.update(this.#rows);
    this.#rows = '';
  }

  /** `before` itself where it was made of the same rows: what was found out by it is known on. */
  catalogue(before?: Catalogue): Catalogue {
    this.#settle(before);
    this.#digest();
    const digest = this.#hash.digest('base64');
    if (before !== undefined && digests.get(before) === digest) return before;
    const made = this.#made();
    digests.set(made, digest);
    texts.set(made, this.#texts);
    return made;
  }

  #made(): Catalogue {
    if (this.#path === undefined || this.#version === 0)
      throw new ProtocolError('a catalogue without a version and a path');
    // A rule whose text could not be had stands there as one that cannot be parsed.
    for (const [oid, count] of this.#ruled) {
      const rules = this.#relations.get(oid)?.rules ?? [];
      if (rules.length < count) rules.push(UNREADABLE);
    }
    return {
      version: this.#version,
      user: this.#user,
      path: this.#path,
      schemas: this.#schemas,
      extensions: this.#extensions,
      modules: this.#modules,
      things: this.#things,
      relations: bySchema(this.#relations.values()),
      byOid: this.#relations,
      functions: byName(this.#routines.values()),
      routineByOid: this.#routines,
      operators: byName(this.#operators),
      systemOperators: byName(this.#systemOperators),
      implicit: this.#implicit,
      classes: byName(this.#classes),
      types: byName(this.#types.values()),
      typeByOid: this.#types,
    };
  }

  readonly #takers: Readonly<Record<string, (cells: Cells) => void>> = {
    session: (cells) => {
      this.#version = cells.number();
      this.#user = cells.text();
      this.#path = splitPath(cells.text())?.map((schema) => (schema === '$user' ? this.#user : schema));
    },
    schema: (cells) => void this.#schemas.add(cells.text()),
    extension: (cells) => {
      const name = cells.text();
      this.#extensions.add(name);
      this.#modules.add(name);
    },
    module: (cells) => void this.#modules.add(cells.text()),
    thing: (cells) => void this.#things.add(`${cells.text()} ${cells.text()}`),
    relation: (cells) => this.#addRelation(cells),
    generated: (cells) => this.#addToColumn(cells, 'generated'),
    default: (cells) => this.#addToColumn(cells, 'default'),
    counted: (cells) => this.#count(cells.number(), cells.number()),
    'on-write': (cells) => void this.#relations.get(cells.number())?.onWrite.push(cells.text()),
    indexed: (cells) =>
      void this.#relations.get(cells.number())?.indexed.push({ of: cells.text(), text: cells.text() }),
    comparing: (cells) => void this.#relations.get(cells.number())?.compares.push(...cells.numbers()),
    trigger: (cells) => void this.#relations.get(cells.number())?.triggerNames.push(cells.text()),
    class: (cells) => void this.#classes.push({ schema: cells.text(), name: cells.text(), calls: cells.numbers() }),
    'on-read': (cells) => void this.#relations.get(cells.number())?.onRead.push(cells.text()),
    reference: (cells) => this.#addReference(cells),
    routine: (cells) => this.#addRoutine(cells),
    extended: (cells) => this.#ofRoutine(cells, (routine) => (routine.extension = true)),
    source: (cells) => this.#ofRoutine(cells, (routine) => (routine.source = cells.text())),
    aggregate: (cells) => this.#ofRoutine(cells, (routine) => routine.calls.push(...cells.numbers())),
    operator: (cells) => {
      const [schema, name, takes, returns] = [cells.text(), cells.text(), cells.numbers(), cells.number()];
      this.#operators.push({ schema, name, takes, returns, calls: cells.numbers() });
    },
    'system-operator': (cells) => {
      const [name, takes, returns] = [cells.text(), cells.numbers(), cells.number()];
      this.#systemOperators.push({ schema: 'pg_catalog', name, takes, returns });
    },
    implicit: (cells) => {
      const from = cells.number();
      this.#implicit.set(from, (this.#implicit.get(from) ?? new Set()).add(cells.number()));
    },
    type: (cells) => this.#addType(cells),
    compared: (cells) => void this.#types.get(cells.number())?.compares.push(...cells.numbers()),
    cast: (cells) => this.#addCast(cells),
    definition: (cells) => {
      const relation = this.#relations.get(cells.number());
      if (relation !== undefined) relation.definition = cells.text();
    },
    rule: (cells) => void this.#relations.get(cells.number())?.rules.push(cells.text()),
    ruled: (cells) => void this.#ruled.set(cells.number(), cells.number()),
  };

  #addRelation(cells: Cells): void {
    const oid = cells.number();
    const [schema, name, kind] = [cells.text(), cells.text(), cells.text()];
    const columns = cells.list().map((column) => {
      const of = new Cells(column as Cell[]);
      const [number, name, type, notNull] = [of.number(), of.text(), of.number(), of.flag()];
      const size = of.option();
      return { number, name, type, notNull, ...(size !== undefined && size >= 0 && { size }) };
    });
    this.#relations.set(oid, {
      oid,
      schema,
      name,
      kind,
      builtin: oid < FIRST_OWN,
      columns,
      key: cells.texts(),
      rows: 0,
      definition: undefined,
      parents: cells.numbers(),
      triggers: cells.numbers(),
      triggerNames: [],
      onWrite: [],
      indexed: [],
      compares: [],
      onRead: [],
      rules: [],
      cascades: [],
      referencing: [],
    });
  }

  #count(oid: number, rows: number): void {
    const relation = this.#relations.get(oid);
    if (relation !== undefined) relation.rows = rows;
  }

  #addToColumn(cells: Cells, as: 'generated' | 'default'): void {
    const columns = this.#relations.get(cells.number())?.columns;
    const number = cells.number();
    const text = cells.text();
    const at = columns?.findIndex((column) => column.number === number) ?? -1;
    const column = columns?.[at];
    if (columns !== undefined && column !== undefined) columns[at] = { ...column, [as]: text };
  }

  #addReference(cells: Cells): void {
    const referred = this.#relations.get(cells.number());
    const referring = cells.number();
    referred?.referencing.push(referring);
    if (cells.flag()) referred?.cascades.push(referring);
  }

  #addRoutine(cells: Cells): void {
    const oid = cells.number();
    const routine: Open<Routine> = {
      oid,
      schema: cells.text(),
      name: cells.text(),
      kind: cells.text(),
      volatility: VOLATILITY[cells.text() as keyof typeof VOLATILITY] ?? 'volatile',
      language: cells.text(),
      securityDefiner: cells.flag(),
      builtin: oid < FIRST_OWN,
      extension: false,
      takes: cells.numbers(),
      defaults: cells.number(),
      variadic: cells.flag(),
      returns: cells.number(),
      returnsSet: cells.flag(),
      outs: [],
      inputs: [],
      sets: [],
      calls: [],
      source: undefined,
    };
    const [types, modes, names] = [cells.maybe(), cells.maybe(), cells.maybe()];
    const mode = (at: number): string => String(modes?.[at] ?? 'i');
    const all = (types ?? routine.takes).map((type, at) => ({
      type: Number(type),
      mode: mode(at),
      name: String(names?.[at] ?? ''),
    }));
    routine.outs = all.filter((one) => 'obt'.includes(one.mode)).map(({ name, type }) => ({ name, type }));
    routine.inputs = all.filter((one) => 'ibv'.includes(one.mode)).map(({ name }) => name);
    routine.sets = (cells.maybe() ?? []).map(String);
    this.#routines.set(oid, routine);
  }

  #ofRoutine(cells: Cells, change: (routine: Open<Routine>) => void): void {
    const routine = this.#routines.get(cells.number());
    if (routine !== undefined) change(routine);
  }

  #addType(cells: Cells): void {
    const oid = cells.number();
    this.#types.set(oid, {
      oid,
      schema: cells.text(),
      name: cells.text(),
      builtin: oid < FIRST_OWN,
      kind: cells.text(),
      category: cells.text(),
      preferred: cells.flag(),
      relation: cells.number(),
      base: cells.number(),
      calls: cells.numbers(),
      compares: [],
      castsTo: [],
      castsFrom: [],
      checks: cells.texts(),
    });
  }

  #addCast(cells: Cells): void {
    const [from, to] = [this.#types.get(cells.number()), this.#types.get(cells.number())];
    const called = cells.number();
    // Of two types one is not the system's own, and has to be at hand; only who owns the server can join two that are.
    if (from?.builtin !== true || to?.builtin === true) from?.castsFrom.push(called);
    if (to?.builtin !== true || from?.builtin === true) to?.calls.push(called);
    const isExtended = this.#routines.get(called)?.extension === true;
    if (from?.builtin === true && !isExtended) to?.castsTo.push(called);
  }
}

function parsed(row: string): Cell[] {
  try {
    const cells: unknown = JSON.parse(row);
    if (Array.isArray(cells)) return cells as Cell[];
  } catch {
    // Falls through: what a hostile server says is no row either.
  }
  throw new ProtocolError('a row of the catalogue that cannot be read');
}

/** Takes the cells of a row one after the other, each of the type that it must have. */
class Cells {
  readonly #cells: readonly Cell[];
  #at = 0;

  constructor(cells: readonly Cell[]) {
    if (!Array.isArray(cells)) throw new ProtocolError('a row of the catalogue that cannot be read');
    this.#cells = cells;
  }

  text = (): string => this.#take('string');
  number = (): number => this.#take('number');
  flag = (): boolean => this.#take('boolean');

  option(): number | undefined {
    const cell = this.#cells[this.#at++];
    return typeof cell === 'number' ? cell : undefined;
  }

  list(): Cell[] {
    const cell = this.maybe();
    if (cell === undefined) throw new ProtocolError('a row of the catalogue without a list');
    return cell;
  }

  maybe(): Cell[] | undefined {
    const cell = this.#cells[this.#at++];
    return Array.isArray(cell) ? cell : undefined;
  }

  texts = (): string[] => this.list().map(String);
  numbers = (): number[] => this.list().map(Number);

  #take<T extends string | number | boolean>(type: 'string' | 'number' | 'boolean'): T {
    const cell = this.#cells[this.#at++];
    if (typeof cell !== type) throw new ProtocolError(`a row of the catalogue without a ${type}`);
    return cell as T;
  }
}

type Relations = ReadonlyMap<number, Pick<Relation, 'schema' | 'name' | 'columns'>>;

/** No relation of both is called otherwise in one of them, nor has a column that is. */
function isNamedAlike(some: Relations, others: Relations): boolean {
  for (const [oid, { schema, name, columns }] of some) {
    const other = others.get(oid);
    if (other === undefined) continue;
    const names = new Map(other.columns.map((column) => [column.number, column.name]));
    if (schema !== other.schema || name !== other.name) return false;
    if (columns.some((column) => (names.get(column.number) ?? column.name) !== column.name)) return false;
  }
  return true;
}

function byName<T extends { name: string }>(items: Iterable<T>): ReadonlyMap<string, readonly T[]> {
  const map = new Map<string, T[]>();
  for (const item of items) {
    const found = map.get(item.name);
    if (found === undefined) map.set(item.name, [item]);
    else found.push(item);
  }
  return map;
}

function bySchema(relations: Iterable<Relation>): ReadonlyMap<string, ReadonlyMap<string, Relation>> {
  const map = new Map<string, Map<string, Relation>>();
  for (const relation of relations) {
    const found = map.get(relation.schema) ?? new Map<string, Relation>();
    map.set(relation.schema, found.set(relation.name, relation));
  }
  return map;
}
