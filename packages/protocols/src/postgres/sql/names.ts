import type { Catalogue, OperatorClass, Relation, Routine, UserOperator, UserType } from './catalogue.js';
import type { Filled, Made, ReadingContext } from './context.js';
import type { Facts } from './facts.js';

/**
 * Which things a name may stand for under any of the search paths that may be in force: all that any of them would give it.
 * https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH
 */
export class Names {
  readonly catalogue: Catalogue;
  readonly #paths: readonly (readonly string[])[];
  /** A path names pg_catalog before all others that there are: what is made without a schema is made there. */
  readonly makesSystems: boolean;
  readonly #searched: readonly string[];
  readonly #temporary: readonly string[];
  readonly #tables: ReadonlySet<string>;
  readonly #others: ReadonlySet<string>;
  /** What views, functions and types were found to do; theirs to fill. */
  readonly known = new Map<string, Facts>();
  /** What is being found out just now, outermost first. */
  readonly working: string[] = [];
  /** The outermost of `working` that was asked for again. */
  circle = Number.POSITIVE_INFINITY;

  readonly #made: readonly Made[];
  readonly #filled: readonly Filled[];
  readonly #under: Map<string, Names>;

  constructor(
    catalogue: Catalogue,
    paths: readonly (readonly string[])[],
    made: readonly Made[],
    filled: readonly Filled[] = [],
    under = new Map<string, Names>(),
  ) {
    this.catalogue = catalogue;
    this.#made = made;
    this.#filled = filled;
    this.#under = under;
    this.#temporary = [...catalogue.relations.keys()].filter((schema) => /^pg_temp_\d+$/.test(schema));
    this.#paths = paths.map((path) => inFull(path, catalogue));
    this.makesSystems = paths.some((path) => path.find((one) => catalogue.schemas.has(one)) === 'pg_catalog');
    this.#searched = [...new Set(this.#paths.flat())];
    this.#tables = new Set(made.flatMap(({ what, name }) => (what === 'table' ? [name] : [])));
    this.#others = new Set(made.flatMap(({ what, name }) => (what === 'other' ? [name] : [])));
  }

  /** What lineage reads with. */
  get at(): ReadingContext {
    return { catalogue: this.catalogue, paths: this.#paths, made: this.#made, filled: this.#filled };
  }

  /** Some relation has a column of that name. */
  isColumn(name: string): boolean {
    let found = columnNames.get(this.catalogue);
    if (found === undefined) {
      found = new Set(
        [...this.catalogue.byOid.values()].flatMap(({ columns }) => columns.map((column) => column.name)),
      );
      columnNames.set(this.catalogue, found);
    }
    return found.has(name);
  }

  /** Oid of the type of the relation's rows; 0 where it has none. */
  rowTypeOf({ oid }: Relation): number {
    let found = rowTypes.get(this.catalogue);
    if (found === undefined) {
      found = new Map([...this.catalogue.typeByOid.values()].map((type) => [type.relation, type.oid]));
      rowTypes.set(this.catalogue, found);
    }
    return found.get(oid) ?? 0;
  }

  /** Where a relation is made: in the first schema that exists, of each path. */
  creations(rel: { readonly [field: string]: unknown }): readonly string[] {
    const name = String(rel.relname);
    if (rel.schemaname !== undefined) return [`${rel.schemaname}.${name}`];
    if (rel.relpersistence === 't') return [`pg_temp.${name}`];
    const first = (path: readonly string[]) =>
      path.find((schema) => schema !== 'pg_catalog' && this.catalogue.schemas.has(schema)) ?? path.at(-1);
    return [...new Set(this.#paths.map((path) => `${first(path)}.${name}`))];
  }

  /** After what was being found out was broken off. */
  forget(): void {
    for (const names of [this, ...this.#under.values()]) {
      names.working.length = 0;
      names.circle = Number.POSITIVE_INFINITY;
    }
  }

  /** The names of a function's body that has a search_path of its own. */
  under(path: readonly string[]): Names {
    const key = JSON.stringify(path);
    const found = this.#under.get(key) ?? new Names(this.catalogue, [path], this.#made, this.#filled, this.#under);
    this.#under.set(key, found);
    return found;
  }

  /** The first of each path; and of temporary ones all, as which is this session's own cannot be told. */
  relations(schema: string | undefined, name: string): readonly Relation[] {
    if (schema !== undefined && !isTemporary(schema)) return present([this.#in(schema, name)]);
    const found = new Set<Relation | undefined>();
    for (const one of this.#temporary) found.add(this.#in(one, name));
    if (schema === undefined) for (const path of this.#paths) found.add(this.#firstIn(path, name));
    return present([...found]);
  }

  #in(schema: string, name: string): Relation | undefined {
    return this.catalogue.relations.get(schema)?.get(name);
  }

  #firstIn(path: readonly string[], name: string): Relation | undefined {
    for (const schema of path) {
      const found = this.#in(schema, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Overloads of all schemas of all paths: which of them is meant goes by types, and only then by the path. */
  routines(schema: string | undefined, name: string): readonly Routine[] {
    return (this.catalogue.functions.get(name) ?? []).filter((one) => this.#reaches(schema, one.schema));
  }

  operators(schema: string | undefined, name: string): readonly UserOperator[] {
    return (this.catalogue.operators.get(name) ?? []).filter((one) => this.#reaches(schema, one.schema));
  }

  classes(schema: string | undefined, name: string): readonly OperatorClass[] {
    return (this.catalogue.classes.get(name) ?? []).filter((one) => this.#reaches(schema, one.schema));
  }

  types(schema: string | undefined, name: string): readonly UserType[] {
    return (this.catalogue.types.get(name) ?? []).filter((one) => this.#reaches(schema, one.schema));
  }

  #reaches(wanted: string | undefined, schema: string): boolean {
    if (wanted === undefined) return this.#searched.includes(schema) || isTemporary(schema);
    return isSchema(wanted, schema);
  }

  /** The same of a table that was made a moment ago: nobody else has seen it. */
  isNew(schema: string | undefined, name: string, made: readonly Made[]): boolean {
    const fresh = [...this.#made, ...made].filter((one) => one.name === name);
    return this.relations(schema, name).length === 0 && isNew(fresh, schema);
  }

  /**
   * Nothing but a temporary relation has that name, so it means the session's own or none: no other stands in any path, nor was made
   * meanwhile. `made`: what the command itself has made. `kinds`: as in `Relation.kind`.
   */
  isTemporary(schema: string | undefined, name: string, made: readonly Made[], kinds: string): boolean {
    const found = this.relations(schema, name);
    const fresh = [...this.#made, ...made].filter((one) => one.name === name);
    const isRows = kinds === ROWS ? fresh.every(({ what }) => what === 'table') : true;
    if (!isRows || found.some(({ kind }) => !kinds.includes(kind))) return false;
    if (schema !== undefined) return schema === 'pg_temp';
    const isKnown = found.length + fresh.length > 0;
    return (
      isKnown && found.every((one) => isTemporary(one.schema)) && fresh.every(({ temporary }) => temporary === true)
    );
  }

  /**
   * Nothing of that kind has that name in the catalogue; the system's schemas are not all in it. `what`: the
   * words of an ObjectType. Where kinds of a name are not told apart, or it is not known where they are, any is one.
   */
  isAbsent(what: string, schema: string | undefined, name: string): boolean {
    return schema?.startsWith('pg_') !== true && (ABSENCES[what]?.(this, name, schema) ?? false);
  }

  isMade = (name: string, made: readonly Made[]): boolean => [...this.#made, ...made].some((one) => one.name === name);

  /** What the session has made under that name. */
  made(name: string): readonly Made[] {
    return this.#made.filter((one) => one.name === name);
  }

  /** Columns of a new table of that name, where they are known. */
  columnsMade(name: string): readonly string[] {
    const made = this.made(name);
    return made.every(({ as, adds }) => as !== undefined || adds !== undefined) ? made.flatMap(namesMade) : [];
  }

  /** A relation of that name may have come to have the column meanwhile. */
  mayHave(name: string, column: string, made: readonly Made[]): boolean {
    const ways = [...this.#made, ...made].filter((one) => one.name === name);
    return ways.some((one) => (one.as ?? one.adds) === undefined || namesMade(one).includes(column));
  }

  /** Oids of what a table of that name has been filled with, in any schema. */
  filledWith(name: string): readonly number[] {
    return this.#filled.flatMap((one) => (one.name === name ? one.with : []));
  }

  /** The session has made a table of that name which the catalogue may not show. */
  madeTable(name: string): boolean {
    return this.#tables.has(name);
  }

  /** The session has made something of that name which may do anything. */
  madeOther(name: string): boolean {
    return this.#others.has(name);
  }
}

/** A table was made under that name, and is still what it was made as. */
const isNew = (made: readonly Made[], schema: string | undefined): boolean =>
  made.every((one) => one.what === 'table' && (one.as ?? one.adds) !== undefined && one.reaches !== true) &&
  made.some(({ as }) => as !== undefined && (schema ?? as.schema) === as.schema);

const namesMade = ({ as, adds = [] }: Made): string[] => [...(as?.columns ?? []), ...adds].map(({ name }) => name);

const columnNames = new WeakMap<Catalogue, Set<string>>();
const rowTypes = new WeakMap<Catalogue, Map<number, number>>();

/** Kinds of relations that hold rows of their own, and all that may be temporary. */
export const ROWS = 'rp';
export const ANY_KIND = 'rpvS';

/** Of each kind that can be looked for: there is none of that name. */
const ABSENCES: Readonly<Record<string, (names: Names, name: string, schema: string | undefined) => boolean>> = {
  ...each(
    'TABLE VIEW MATVIEW SEQUENCE FOREIGN_TABLE',
    (names, name, schema) => names.relations(schema, name).length === 0,
  ),
  ...each('FUNCTION PROCEDURE ROUTINE AGGREGATE', ({ catalogue }, name) => !catalogue.functions.has(name)),
  ...each('TYPE DOMAIN', ({ catalogue }, name) => !catalogue.types.has(name)),
  ...each('SCHEMA', ({ catalogue }, name) => !catalogue.schemas.has(name)),
  ...each('EXTENSION', ({ catalogue }, name) => !catalogue.extensions.has(name)),
  ...each('INDEX', ({ catalogue }, name) => !catalogue.things.has(`index ${name}`)),
  ...each('TRIGGER', ({ catalogue }, name) => !catalogue.things.has(`trigger ${name}`)),
  ...each('RULE', ({ catalogue }, name) => !catalogue.things.has(`rule ${name}`)),
  ...each('POLICY', ({ catalogue }, name) => !catalogue.things.has(`policy ${name}`)),
  ...each('TABCONSTRAINT', ({ catalogue }, name) => !catalogue.things.has(`constraint ${name}`)),
};

function each<T>(kinds: string, is: T): Record<string, T> {
  return Object.fromEntries(kinds.split(' ').map((kind) => [kind, is]));
}

const present = <T>(these: readonly (T | undefined)[]): T[] => these.filter((one) => one !== undefined);
export const isTemporary = (schema: string): boolean => /^pg_temp(?:_\d+)?$/.test(schema);
/** A text names one schema and the catalogue another, and they are the same: which temporary one is this session's cannot be told. */
export const isSchema = (named: string, schema: string): boolean =>
  named === schema || (isTemporary(named) && isTemporary(schema));

/** `pg_catalog` comes first unless it is named; so do temporary tables, which are looked for apart. */
function inFull(path: readonly string[], { user }: Catalogue): string[] {
  const named = path.map((schema) => (schema === '$user' ? user : schema));
  return named.includes('pg_catalog') ? named : ['pg_catalog', ...named];
}
