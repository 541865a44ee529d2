/**
 * The server's own functions for large objects, by OID: what libpq's lo_* calls through FunctionCall, and the only
 * functions that are let through it. OIDs of built-in functions never change (src/include/catalog/pg_proc.dat).
 */
const LARGE_OBJECT_FUNCTIONS: ReadonlyMap<number, string> = new Map([
  [715, 'lo_create'],
  [952, 'lo_open'],
  [953, 'lo_close'],
  [954, 'loread'],
  [955, 'lowrite'],
  [956, 'lo_lseek'],
  [957, 'lo_creat'],
  [958, 'lo_tell'],
  [964, 'lo_unlink'],
  [1004, 'lo_truncate'],
  [3170, 'lo_lseek64'],
  [3171, 'lo_tell64'],
  [3172, 'lo_truncate64'],
]);

/** The call as SQL, for the record; undefined for any other function. */
export function largeObjectCall(oid: number, count: number): string | undefined {
  const name = LARGE_OBJECT_FUNCTIONS.get(oid);
  if (name === undefined) return undefined;
  return `SELECT ${name}(${Array.from({ length: count }, (_, at) => `$${at + 1}`).join(', ')})`;
}
