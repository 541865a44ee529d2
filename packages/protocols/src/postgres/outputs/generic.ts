import { concat, EMPTY } from '@hoop/core';
import { message } from '../codec/build.js';
import { Fields, utf8 } from '../codec/fields.js';

/**
 * What the server says beside rows, while a statement touches what is masked: the condition's own name, and nothing that
 * came out of a value. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const CONDITIONS: Readonly<Record<string, string>> = {
  '00000': 'the server has something to say',
  '01000': 'the server has a warning',
  '21000': 'more than one row returned by a subquery used as an expression',
  '22001': 'value too long',
  '22003': 'numeric value out of range',
  '22007': 'invalid datetime format',
  '22008': 'datetime field overflow',
  '22012': 'division by zero',
  '22021': 'character not in repertoire',
  '22023': 'invalid parameter value',
  '22P02': 'invalid text representation',
  '22P03': 'invalid binary representation',
  '23502': 'null value violates a not-null constraint',
  '23503': 'a foreign key constraint is violated',
  '23505': 'duplicate key value violates a unique constraint',
  '23514': 'a check constraint is violated',
  '23P01': 'an exclusion constraint is violated',
  '25006': 'cannot execute this in a read-only transaction',
  '25P02': 'current transaction is aborted, commands ignored until end of transaction block',
  '34000': 'cursor does not exist',
  '40001': 'could not serialize access',
  '40P01': 'deadlock detected',
  '42501': 'permission denied',
  '42601': 'syntax error',
  '42703': 'column does not exist',
  '42704': 'object does not exist',
  '42710': 'object exists already',
  '42725': 'function or operator is not unique',
  '42803': 'grouping error',
  '42804': 'datatype mismatch',
  '42846': 'cannot coerce',
  '42883': 'function or operator does not exist',
  '42P01': 'relation does not exist',
  '42P02': 'there is no such parameter',
  '42P18': 'could not determine data type',
  '53200': 'out of memory',
  '53300': 'too many connections',
  '54000': 'a limit of the server was exceeded',
  '55P03': 'could not obtain lock',
  '57014': 'canceling statement',
  '57P01': 'terminating connection due to administrator command',
  P0001: 'an exception was raised',
  XX000: 'internal error',
};
const CLASSES: Readonly<Record<string, string>> = {
  '00': 'the server has something to say',
  '01': 'the server has a warning',
  '02': 'no data',
  '08': 'connection exception',
  '0A': 'feature not supported',
  '21': 'cardinality violation',
  '22': 'invalid data',
  '23': 'an integrity constraint is violated',
  '25': 'invalid transaction state',
  '26': 'invalid SQL statement name',
  '28': 'invalid authorization',
  '2B': 'dependent objects still exist',
  '34': 'invalid cursor name',
  '3D': 'invalid catalog name',
  '3F': 'invalid schema name',
  '40': 'transaction rolled back',
  '42': 'syntax error or access rule violation',
  '53': 'insufficient resources',
  '54': 'a limit of the server was exceeded',
  '55': 'object not in prerequisite state',
  '57': 'operator intervention',
  '58': 'system error',
  P0: 'an error in PL/pgSQL',
  XX: 'internal error',
};
/** What a function may raise with a code of its own making. */
const RAISED = 'P0001';

/** An ErrorResponse or NoticeResponse as its fields, by their letter. */
export function fieldsOf(bytes: Uint8Array, start: number, end: number): Map<string, string> {
  const fields = new Fields(bytes, start, end);
  const all = new Map<string, string>();
  while (fields.left > 0) {
    const kind = String.fromCharCode(fields.byte());
    if (kind === '\0') break;
    all.set(kind, fields.string());
  }
  return all;
}

/**
 * Keeps severity, code and place; a code that no server has could itself be a value. `text` is the client's own: what an
 * error repeats of it tells nothing.
 */
export function generic(fields: ReadonlyMap<string, string>, text: string): Map<string, string> {
  const code = knownCode(fields.get('C') ?? 'XX000');
  const kept = new Map<string, string>();
  for (const kind of ['S', 'V'])
    kept.set(kind, SEVERITIES.has(fields.get(kind) ?? '') ? (fields.get(kind) as string) : 'ERROR');
  kept.set('C', code);
  kept.set('M', repeated(fields.get('M') ?? '', text) ?? CONDITIONS[code] ?? CLASSES[code.slice(0, 2)] ?? 'an error');
  const place = fields.get('P');
  if (place !== undefined && /^\d{1,9}$/.test(place)) kept.set('P', place);
  return kept;
}

/** How the server says that it does not know a name. */
const UNKNOWN: readonly RegExp[] = [
  /^(?:column|relation|schema|type|cursor|prepared statement|database|role) "([^"]*)" does not exist$/,
  /^column ([\w.]+) does not exist$/,
  /^(function [\w.]+)\(.*\) does not exist$/,
  /^missing FROM-clause entry for table "([^"]*)"$/,
  /^column reference "([^"]*)" is ambiguous$/,
  /^syntax error at or near "([^"]*)"$/,
  /^syntax error at end of inpu(t)$/,
];

/** The message, if all that it names stands in the client's own text; of a function, without its types. */
function repeated(message: string, text: string): string | undefined {
  const form = UNKNOWN.find((one) => one.test(message));
  const named = form?.exec(message)?.[1];
  if (named === undefined || !text.toLowerCase().includes(named.replace(/^function /, '').toLowerCase()))
    return undefined;
  return named.startsWith('function ') ? `${named} does not exist` : message;
}

const SEVERITIES: ReadonlySet<string> = new Set([
  'ERROR',
  'FATAL',
  'PANIC',
  'WARNING',
  'NOTICE',
  'DEBUG',
  'INFO',
  'LOG',
]);

/** Codes of the server's own in those classes that do not look so. */
const OTHERS: ReadonlySet<string> = new Set(
  '42622 42611 42602 42701 42702 42712 42723 42809 42830 42846 42939 428C9 2200F 22P04 22P05 22P06 2200B'.split(' '),
);

/** Codes of a known class whose last three characters are no digits of somebody's: `000`, `P01`, or listed. */
const knownCode = (code: string): string =>
  code in CONDITIONS ||
  OTHERS.has(code) ||
  (code.slice(0, 2) in CLASSES && /^(?:0[0-3][0-9A-Z]|P[01][0-9A-Z])$/.test(code.slice(2)))
    ? code
    : RAISED;

export const report = (type: 'E' | 'N', fields: ReadonlyMap<string, string>): Uint8Array =>
  message(type, ...[...fields].map(([kind, value]) => concat([EMPTY, utf8(`${kind}${value}\0`)])), Uint8Array.of(0));

/** Values of the parameters that a server reports which say nothing of anybody. */
const PLAIN: readonly RegExp[] = [
  /^(?:on|off)$/,
  /^(?:UTF8|UNICODE|SQL_ASCII|LATIN\d{1,2}|WIN\d{3,4}|EUC_[A-Z]{2})$/,
  /^(?:ISO|SQL|Postgres|German), (?:MDY|DMY|YMD)$/,
  /^(?:postgres|postgres_verbose|sql_standard|iso_8601)$/,
  /^[A-Z][A-Za-z_]{1,31}(?:\/[A-Z][A-Za-z_]{1,31}){0,2}$/, // a time zone
];
export const isPlain = (value: string): boolean => PLAIN.some((form) => form.test(value));
