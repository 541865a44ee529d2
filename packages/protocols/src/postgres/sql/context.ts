import type { Reading } from '@hoop/core';
import type { Catalogue } from './catalogue.js';
import type { Given } from './given.js';

/** What a statement is read against. All of it is a superset: what may be in force, not what is. */
export interface ReadingContext {
  catalogue: Catalogue;
  /** Every search_path that may be in force, as SET would write it: the initial one, and each that was set since. */
  paths: readonly (readonly string[])[];
  /**
   * Every text that a prepared statement's name may stand for: what Parse put there, and `prepares` of earlier readings.
   * They share one namespace. https://www.postgresql.org/docs/current/sql-prepare.html
   */
  prepared?: ReadonlyMap<string, readonly string[]> | undefined;
  /** The same for cursors and portals: `declares` of earlier readings, and the texts behind named portals. */
  cursors?: ReadonlyMap<string, readonly string[]> | undefined;
  /** What the session has made since the catalogue was loaded, or in a transaction that is open: `makes` of earlier readings. */
  made?: readonly Made[] | undefined;
  /** Settings are in force, perhaps, by which the session has chosen how rows are found. */
  steered?: true | undefined;
  /** What tables have been filled with since the session began: `fills` of earlier readings. */
  filled?: readonly Filled[] | undefined;
  /** What the text's parameters stand for. */
  given?: Given | undefined;
  /** Oids of the types of its parameters, as the client says; 0 where the server finds out. Absent: they may be of any of the server's. */
  told?: readonly number[] | undefined;
}

/** A column as it was made. */
export interface MadeColumn {
  name: string;
  /** Oid of its type, where that could be told. */
  type?: number | undefined;
  /** Name of its type, where the session has made that too. */
  of?: string | undefined;
}

/** A name that the session has given away; the schema is left out, so it stands for that name in any. */
export interface Made {
  /** `table`: rows, and nothing that runs by itself. `other`: a view, function, operator, type, rule, trigger …: it may run anything. */
  what: 'table' | 'other';
  name: string;
  /** Of a table that is new: where it is, and its columns in order. */
  as?: { schema: string; columns: readonly MadeColumn[] } | undefined;
  /** Of one that is there: columns that were put behind its others, and nothing else about it that a reader goes by has changed. */
  adds?: readonly MadeColumn[] | undefined;
  /** Rows of another table that was there are its own from now on, or go with these. */
  reaches?: true | undefined;
  /** It is a type of words. */
  words?: true | undefined;
  /** It is in the session's own temporary schema. */
  temporary?: true | undefined;
}

/** A table came to have a row for each row of others, which are given by their oids; 0: numbers, one after the other. */
export interface Filled {
  name: string;
  with: readonly number[];
}

/** What the server would say of a statement that it cannot even begin: by the catalogue there is no such name, or it is no SQL. */
export interface Failure {
  code: string;
  /** It quotes the statement: for nobody but who sent that. */
  message: string;
  /** Characters before the place that it is about. */
  at?: number | undefined;
}

/** A column that is compared with all that some parameters hold as arrays, and with as many other constants. */
export interface Listed {
  column: string;
  /** Counted from 0. */
  parameters: readonly number[];
  besides: number;
}

/** A reading with what only the engine needs of it. */
export interface SqlReading extends Reading {
  /** It takes longer to be read than others may wait for. */
  long?: true | undefined;
  runs: readonly string[];
  /** The command's place in the text, UTF-16 units. */
  from: number;
  to: number;
  /** Search paths that it may leave in force; `unknown`: any. */
  setsPath: readonly (readonly string[])[] | 'unknown';
  /** It puts this text under that name. */
  prepares?: { name: string; text: string } | undefined;
  declares?: { name: string; text: string } | undefined;
  /** Names that EXECUTE or FETCH asked for; the answer depends on `prepared` and `cursors`. */
  executes: readonly string[];
  makes: readonly Made[];
  fills?: readonly Filled[] | undefined;
  /** What its parameters stand for may let it change every row. */
  hangs?: true | undefined;
  lists?: readonly Listed[] | undefined;
  /** Names, of columns too, that the catalogue does not have: load it anew and read again, before the class `unknown` is believed. */
  missing: readonly string[];
  /** It was taken for the session's own temporary tables', since nothing else has that name: load the catalogue anew before that is believed. */
  own?: true | undefined;
  /** It chooses how rows are found, by settings that it may leave in force. */
  steers?: true | undefined;
  /** A function that it runs chooses that for its own while. */
  steered?: true | undefined;
  /** The first thing that it is `unknown` for is none of the server's either. */
  fails?: Failure | undefined;
}
