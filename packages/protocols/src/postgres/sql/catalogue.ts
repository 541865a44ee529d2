/**
 * What a reader of SQL must know of the server: its catalogue, as one load saw it.
 * https://www.postgresql.org/docs/current/catalogs.html
 */
export interface Catalogue {
  /** `server_version_num`, e.g. 150018. */
  version: number;
  /** The role that the login became, for `$user` in a search_path. */
  user: string;
  /** `search_path` of a new session of this login as it was written, `$user` replaced; it may name schemas that do not exist. */
  path: readonly string[];
  schemas: ReadonlySet<string>;
  /** Names of the extensions that are installed. */
  extensions: ReadonlySet<string>;
  /** Those, and the prefixes of settings that a module has defined. */
  modules: ReadonlySet<string>;
  /** Users' indexes, triggers, rules, policies and constraints, each as its kind and name: `index by_email`. */
  things: ReadonlySet<string>;
  /** By schema, then name; the system's own included, and temporary ones of every session (`pg_temp_3`). */
  relations: ReadonlyMap<string, ReadonlyMap<string, Relation>>;
  byOid: ReadonlyMap<number, Relation>;
  /** Functions, procedures and aggregates by name; each name's in all schemas. */
  functions: ReadonlyMap<string, readonly Routine[]>;
  routineByOid: ReadonlyMap<number, Routine>;
  /** Operators by name that are not the system's own, and the functions behind them. */
  operators: ReadonlyMap<string, readonly UserOperator[]>;
  /** The system's own, by name. */
  systemOperators: ReadonlyMap<string, readonly Operator[]>;
  /** Casts that need not be written out: from, to. */
  implicit: ReadonlyMap<number, ReadonlySet<number>>;
  /** Operator classes by name that are not the system's own. */
  classes: ReadonlyMap<string, readonly OperatorClass[]>;
  /** Types by name, the system's own included. */
  types: ReadonlyMap<string, readonly UserType[]>;
  typeByOid: ReadonlyMap<number, UserType>;
}

/** Oids below came with the server (FirstNormalObjectId). */
export const FIRST_OF_USERS = 16384;

export interface Column {
  /** `pg_attribute.attnum`. */
  number: number;
  name: string;
  /** The type's oid. */
  type: number;
  notNull: boolean;
  /** `pg_attribute.atttypmod`, where its type has one. */
  size?: number | undefined;
  /** Of a generated column: the expression over others of its relation, as SQL. */
  generated?: string | undefined;
  /** Of one that holds dates or timestamps: its default, as SQL. */
  default?: string | undefined;
}

export interface Relation {
  oid: number;
  schema: string;
  name: string;
  /** `pg_class.relkind`: r table, p partitioned, v view, m materialized view, f foreign, S sequence, t TOAST, c composite, i index. */
  kind: string;
  /** It came with the server: its oid is below 16384. */
  builtin: boolean;
  /** By attnum, dropped ones left out; system columns (ctid, tableoid, …) are not here. */
  columns: readonly Column[];
  /** The primary key's columns. */
  key: readonly string[];
  /** `pg_get_viewdef` of a view or materialized view, each name in it qualified; undefined also where it could not be had. */
  definition: string | undefined;
  /** As many rows as the planner takes it to have; 0 where nobody has counted. */
  rows: number;
  /** Tables that it inherits from or is a partition of, by oid. */
  parents: readonly number[];
  /** Functions of its triggers, by oid. */
  triggers: readonly number[];
  triggerNames: readonly string[];
  /** Expressions that a write may evaluate, as SQL: defaults, checks, conditions of triggers. */
  onWrite: readonly string[];
  /** Those that what keeps the table in order evaluates, too: of its indexes, by their names, and of statistics. */
  indexed: readonly { of: string; text: string }[];
  /** Functions that its indexes and its partitions are compared by, by oid: those that did not come with the server. */
  compares: readonly number[];
  /** Expressions that a read or a write may evaluate, as SQL: row policies. */
  onRead: readonly string[];
  /** `pg_get_ruledef` of its rules other than a view's own. */
  rules: readonly string[];
  /** Tables whose rows change when rows here are deleted or their keys updated (foreign keys with an action), by oid. */
  cascades: readonly number[];
  /** Tables with a foreign key to this one, by oid: TRUNCATE … CASCADE empties them. */
  referencing: readonly number[];
}

export interface Routine {
  oid: number;
  schema: string;
  name: string;
  /** `f` function, `p` procedure, `a` aggregate, `w` window. */
  kind: string;
  volatility: 'immutable' | 'stable' | 'volatile';
  language: string;
  securityDefiner: boolean;
  /** It came with the server: its oid is below 16384. */
  builtin: boolean;
  /** Of an extension: only who may create extensions put it there. */
  extension: boolean;
  /** Oids of the types of what it is called with, in order; of these the last `defaults` may be left out. */
  takes: readonly number[];
  defaults: number;
  variadic: boolean;
  /** Oid of the type that it returns, and whether it returns rows of it. */
  returns: number;
  returnsSet: boolean;
  /** Its OUT, INOUT and TABLE columns, where it has any. */
  outs: readonly { name: string; type: number }[];
  /** Names of its inputs; empty ones where they have none. */
  inputs: readonly string[];
  /** Settings in force while it runs: `search_path=public`. */
  sets: readonly string[];
  /** Of an aggregate: the functions it is made of, by oid. */
  calls: readonly number[];
  /**
   * `pg_get_functiondef` of an SQL or PL/pgSQL routine that did not come with the server: the whole CREATE FUNCTION. Of one in the
   * language internal: the name that the server has for it.
   */
  source: string | undefined;
}

/** False only where so many arguments rule it out; CALL names a place for what comes out, too, and FROM lets unnest take arrays side by side. */
export function takesSoMany({ kind, name, builtin, takes, defaults, variadic, outs }: Routine, given: number): boolean {
  if (variadic || (builtin && name === 'unnest')) return true;
  return given <= takes.length + (kind === 'p' ? outs.length : 0) && given >= takes.length - defaults;
}

export interface Operator {
  schema: string;
  name: string;
  /** Oids of its operands' types: one where it stands before its operand, else two. */
  takes: readonly number[];
  /** Oid of its result's type. */
  returns: number;
}

export interface UserOperator extends Operator {
  /** Functions that it may call (its own, and those that estimate it), by oid. */
  calls: readonly number[];
}

export interface OperatorClass {
  schema: string;
  name: string;
  /** Functions that compare by it, by oid: those that did not come with the server. */
  calls: readonly number[];
}

export interface UserType {
  oid: number;
  schema: string;
  name: string;
  builtin: boolean;
  /** `pg_type.typtype`: b base, c composite, d domain, e enum, p pseudo, r range, m multirange. */
  kind: string;
  /** `pg_type.typcategory` (S string, N numeric, A array, …), and whether it is preferred in it. */
  category: string;
  preferred: boolean;
  /** Oid of the relation whose row type it is, 0 otherwise. */
  relation: number;
  /** Oid of the type that a domain constrains, or of an array's or range's elements; 0 otherwise. */
  base: number;
  /**
   * Functions that make values of it, by oid: of its input, of a range's bounds, and of casts to it; only those that did not come with
   * the server.
   */
  calls: readonly number[];
  /** The same of those that compare its values, wherever they are sorted, grouped or looked for. */
  compares: readonly number[];
  /** Functions of casts to it, which are among those, from a type of the server's; but for an extension's. */
  castsTo: readonly number[];
  /** Functions of casts from it that did not come with the server, by oid; implicit ones run where no cast is written. */
  castsFrom: readonly number[];
  /** The checks of a domain, as SQL. */
  checks: readonly string[];
}
