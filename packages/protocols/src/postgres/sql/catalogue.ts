/**
 * What a reader of SQL must know of the server: its catalogue, as one load saw it.
 * https://www.postgresql.org/docs/current/catalogs.html
 */
export interface Catalogue {
  /** `server_version_num`, e.g. 150018. */
  version: number;
  /** `current_schemas(true)` of a new session of this login, `pg_catalog` included where it is searched. */
  path: readonly string[];
  schemas: ReadonlySet<string>;
  /** By schema, then name; the system's own included. */
  relations: ReadonlyMap<string, ReadonlyMap<string, Relation>>;
  byOid: ReadonlyMap<number, Relation>;
  /** Functions, procedures and aggregates by name; each name's in all schemas. */
  functions: ReadonlyMap<string, readonly Routine[]>;
  /** Operators by name that are not the system's own, and the functions behind them. */
  operators: ReadonlyMap<string, readonly Routine[]>;
  /** Types that are not the system's own, by name: what a value of it, or a cast to it, calls. */
  types: ReadonlyMap<string, readonly UserType[]>;
}

export interface Relation {
  oid: number;
  schema: string;
  name: string;
  /** `pg_class.relkind`: r table, p partitioned, v view, m materialized view, f foreign, S sequence, t TOAST, c composite, i index. */
  kind: string;
  /** By attnum, dropped ones left out; system columns (ctid, tableoid, …) are not here. */
  columns: readonly { number: number; name: string; type: number }[];
  /** `pg_get_viewdef` of a view or materialized view, each name in it qualified. */
  definition: string | undefined;
  /** Tables that it inherits from or is a partition of, by oid. */
  parents: readonly number[];
  /** Functions that its triggers, rules, row policies, defaults, constraints and index expressions may call when it is written, or read. */
  onWrite: readonly string[];
  onRead: readonly string[];
  /** It has rules other than a view's own. */
  rules: boolean;
}

export interface Routine {
  schema: string;
  name: string;
  /** `f` function, `p` procedure, `a` aggregate, `w` window. */
  kind: string;
  volatility: 'immutable' | 'stable' | 'volatile';
  language: string;
  securityDefiner: boolean;
  /** It came with the server: its oid is below 16384, and its language `internal`, `c` or `sql`. */
  builtin: boolean;
  /** The source of an SQL or PL/pgSQL routine that did not come with the server. */
  source: string | undefined;
}

export interface UserType {
  schema: string;
  name: string;
  /** Functions that its domain's checks, its input and its casts call, canonical names. */
  calls: readonly string[];
}
