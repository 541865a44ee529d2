import type { StatementClass } from './words.js';

/**
 * What one command of a statement does, as its protocol's reader found it out. The controls go by these facts and never
 * by the text, so none of them knows a language. Names are the upstream's own, resolved and canonical: `public.customers`,
 * `public.customers.ssn`, `pg_catalog.lower`.
 */
export interface Reading {
  /** The command in the language's words, lower case: `select`, `drop table`, `copy to`. */
  kind: string;
  class: StatementClass;
  /** Kinds of all commands that it runs: its own, and those inside of it by WITH, EXPLAIN ANALYZE, EXECUTE, a function, a trigger. */
  runs?: readonly string[] | undefined;
  /** Why the class is `unknown`, as a clause for the person: `it calls public.purge, which may write`. */
  unknown?: string | undefined;
  relations: readonly RelationUse[];
  /** Every column whose value it can depend on, also by a view, a whole row or a rule. */
  columns: readonly string[];
  /**
   * Columns of rows that it changes, and of what code reads that it runs: an error, a notice or a constraint's detail may tell
   * of them, though no row shows them.
   */
  told?: readonly string[] | undefined;
  /** Every function that it calls by name, operator or cast; builtin ones too. */
  functions: readonly string[];
  /** It changes rows by an UPDATE or DELETE whose own WHERE is missing or holds for every row. */
  unbounded: boolean;
  traits: readonly Trait[];
  /** It shows a plan, and no code but the server's own makes it: of values it tells what `predicates` ask, and no more. */
  planned?: true | undefined;
  /** One for each column of what it answers; `undefined` where that cannot be told: anything may be in any of them. */
  outputs: readonly OutputSource[] | undefined;
  /** What its conditions, orders, groups and joins learn of columns without showing them. */
  predicates: readonly Predicate[];
  /** Columns whose values it puts where they can be read under another name. */
  stores: readonly string[];
  /** Columns that it puts many values into at once: it fails as a whole where one of them may not be there twice, and is. */
  loads?: readonly string[] | undefined;
  /** Literals that are compared with or put into a column; places in `Statement.text`, UTF-16 units. */
  literals: readonly { column: string; from: number; to: number }[];
  /** Parameters, counted from 0, that are compared with or put into a column. */
  bound: readonly { column: string; parameter: number }[];
}

/**
 * Stands among columns for any of them: for what the server keeps of other columns' values, such as statistics and the texts of
 * what others ask, and for rows of which it is not known where they come from.
 */
export const ANY_COLUMN = '*';

export interface RelationUse {
  name: string;
  does: (typeof RELATION_USES)[number];
}
export const RELATION_USES = ['read', 'write', 'define'] as const;

/** What guardrails ask for by name, whatever command does it. */
export const TRAITS = [
  'destroys', // DROP, TRUNCATE, ALTER … DROP: what it removes cannot be had back
  'privileges', // roles, grants, owners, row policies, SECURITY DEFINER
  'server-files', // reads or writes the server's files, runs its programs, reaches other servers
  'session', // changes the language or the actor: settings, roles, search_path
  'code', // runs what was not read: dynamic SQL, a function whose body is opaque
  'explains', // says of data what no row does: EXPLAIN, statistics, the catalogue's copies of values
] as const;
export type Trait = (typeof TRAITS)[number];

/** Where the values of an output column come from. */
export interface OutputSource {
  name: string;
  /** Columns that it may carry, whole or in part. */
  columns: readonly string[];
  /** It is the value of that one column, unchanged. */
  exact: boolean;
  /** What was not understood on the way, as a clause; then anything may be in it. */
  opaque?: string | undefined;
}

/**
 * A column and how it is asked about. `equality`: `=` or a short IN with constants; these pass and are recorded. `fails`: it is computed
 * with in a way that may fail or take its time, which shows though the result does not. `rows`: it is made rows of, whose number shows. `plan`: rows
 * are found in a way that the client has chosen, so that their order may be the column's.
 */
export interface Predicate {
  column: string;
  how:
    | 'equality'
    | 'null-test'
    | 'range'
    | 'pattern'
    | 'order'
    | 'group'
    | 'join'
    | 'function'
    | 'rows'
    | 'plan'
    | 'fails'
    | 'unknown';
}
