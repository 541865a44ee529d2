import type { Refusal } from '@hoop/core';
import { readReport } from '../codec/backend.js';
import type { Fields } from '../codec/fields.js';

const OPERATOR = 'This is not about your login: tell the operator of the gateway.';

/** The upstream does not do what the gateway needs; `why` completes "the database …". */
export const unfit = (why: string): Refusal => ({
  code: 'upstream-refused',
  message: `the database ${why}`,
  hint: OPERATOR,
});

/**
 * The server's ErrorResponse during the login, as the person should see it. Class 28 is about the gateway's own
 * credential, and its sentence would name the gateway's database user; all else is passed on as the server put it.
 */
export function refusedByUpstream(fields: Fields): Refusal {
  const { code, message, detail, hint } = readReport(fields);
  if (code.startsWith('28')) {
    return { ...unfit("did not accept the gateway's own credential"), detail: `The database answered with ${code}.` };
  }
  return { code: codeOf(code), native: code, message, detail, hint };
}

function codeOf(sqlstate: string): Refusal['code'] {
  if (sqlstate === '3D000') return 'no-such-database';
  if (sqlstate === '53300') return 'too-many';
  if (sqlstate === '57P03') return 'upstream-unreachable';
  return 'upstream-refused';
}
