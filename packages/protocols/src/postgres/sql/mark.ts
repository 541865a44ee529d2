import { ProtocolError } from '@hoop/core';

/** What tells whether the rows that a load went by are still what a new session would be shown. */
export interface Mark {
  /** The oldest transaction that might still have been open at the load: what came later was written by it, or by a younger one. */
  horizon: string;
  /** Of the catalogues' rows: how many there are, and which of them were written by such transactions. */
  print: string;
  /** The server's snapshot when they were last read. While it is the same, no transaction that has written anything has ended. */
  snapshot: string;
  /** What the server had counted by then of rows that were written; empty where to ask for that is dear. */
  stirred: string;
}

/** What comes and goes with relations: no one looks at a temporary one but its session, which hoop hears. */
const OF_RELATIONS: Readonly<Record<string, string>> = {
  pg_attribute: 'attrelid',
  pg_attrdef: 'adrelid',
  pg_constraint: 'conrelid',
  pg_rewrite: 'ev_class',
  pg_trigger: 'tgrelid',
};

/** What stands by itself, and which of its rows count: a row type lives and dies with its relation, an array with its elements. */
const BY_THEMSELVES: Readonly<Record<string, string>> = {
  pg_amop: 'true',
  pg_amproc: 'true',
  pg_cast: 'true',
  pg_class: `relpersistence <> 't'`,
  pg_extension: 'true',
  pg_inherits: 'true',
  pg_namespace: `nspname !~ '^pg_(toast_)?temp_'`,
  pg_opclass: 'true',
  pg_operator: 'true',
  pg_policy: 'true',
  pg_proc: 'true',
  pg_rewrite: `rulename <> '_RETURN'`,
  pg_statistic_ext: 'true',
  pg_type: 'typrelid = 0 and typelem = 0',
};

/**
 * The print, as an expression: it differs whenever a row that `QUESTIONS` go by was written or deleted. A row that is new to a
 * session was written by a transaction that had not ended before, and so is none older than the horizon; a row that is replaced
 * has a new one in its place; of rows that are only deleted, those are counted whose lack gives others a meaning. Rows that are
 * written in place, as statistics are, stay the same. All of it is read row by row: there is no index by transaction.
 * https://www.postgresql.org/docs/current/ddl-system-columns.html
 */
function print(horizon: string): string {
  const recent = `age(xmin) <= (select age(${horizon}))`;
  const whose = 'sum(xmin::text::int8)';
  const lasts = (of: string) => `coalesce((select r.relpersistence from pg_class r where r.oid = ${of}), 'p') <> 't'`;
  return `json_build_array(${[
    ...Object.entries(OF_RELATIONS).map(
      ([name, of]) => `(select json_build_array(count(*), ${whose}) from ${name} where ${recent} and ${lasts(of)})`,
    ),
    ...Object.entries(BY_THEMSELVES).map(
      ([name, which]) =>
        `(select json_build_array(count(*), ${whose} filter (where ${recent})) from ${name} where ${which})`,
    ),
  ].join(', ')})::text`;
}

/** Each session tells what it has written at most once a second, and one that rests then up to ten seconds later. */
const STIRRED = `case when current_setting('server_version_num')::int4 >= 150000 then (
  select sum(pg_stat_get_tuples_inserted(r) + pg_stat_get_tuples_updated(r) + pg_stat_get_tuples_deleted(r))::text
  from unnest('{${[...new Set([...Object.keys(OF_RELATIONS), ...Object.keys(BY_THEMSELVES)])]}}'::regclass[]) w (r)) else '' end`;

const SNAPSHOT = 'txid_current_snapshot()';

/** To compile what goes through catalogues row by row takes many times longer than to do it. Servers before 11 cannot. */
export const UNCOMPILED = `select pg_catalog.set_config('jit', 'off', true)
  where pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 110000`;

/** Asked first in the transaction that loads: a mark as `markIn` reads it. */
export const MARKING = `select json_build_array(h.horizon, ${print('h.horizon::xid')}, ${SNAPSHOT}::text, ${STIRRED})::text
  from (select (txid_snapshot_xmin(${SNAPSHOT}) & 4294967295)::text) h (horizon)`;

/**
 * Four cells: the snapshot now; what is counted now; the print now, NULL while the snapshot is the mark's or, unless it has to be
 * sure, nothing was counted since; milliseconds that the server took. What takes longer than `mostMs` is given up.
 */
export const comparing = ({ horizon, snapshot, stirred }: Mark, surely: boolean, mostMs: number): string => `
set local statement_timeout = ${mostMs};
${UNCOMPILED};
select n.snapshot, n.stirred, case when n.snapshot <> '${snapshot}' and (${surely} or n.stirred = '' or n.stirred <> '${stirred}')
    then ${print(`'${horizon}'::xid`)} end,
  extract(epoch from clock_timestamp() - statement_timestamp()) * 1000
from (select ${SNAPSHOT}::text, ${STIRRED} offset 0) n (snapshot, stirred)`;

/** As `MARKING` is answered. */
export function markIn(row: string): Mark {
  const [horizon, print, snapshot, stirred] = (JSON.parse(row) as unknown[]).map(String);
  // Three become part of a question.
  const isPlain = [horizon, snapshot, stirred].every((one) => one !== undefined && /^[\d:,]*$/.test(one));
  if (!isPlain || horizon === undefined || print === undefined || snapshot === undefined || stirred === undefined)
    throw new ProtocolError('a mark of the catalogue that cannot be read');
  return { horizon, print, snapshot, stirred };
}
