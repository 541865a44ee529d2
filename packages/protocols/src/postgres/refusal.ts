import type { Refusal } from '@hoop/core';
import { errorResponse } from './codec/build.js';

/**
 * SQLSTATE of each refusal. 57P03 makes libpq try its next host; class 28 and 3D are final for it.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATES: Readonly<Record<Refusal['code'], string>> = {
  'not-granted': '28000',
  'identity-disabled': '28000',
  'login-required': '28000',
  'unknown-connection': '3D000',
  'port-refused': '28000',
  'no-such-database': '3D000',
  'upstream-unreachable': '57P03',
  'upstream-refused': '08004',
  'gateway-unreachable': '57P03',
  'link-lost': '08006',
  'shutting-down': '57P01',
  'too-many': '53300',
  'record-failed': '58030',
  protocol: '08P01',
  internal: 'XX000',
};

/** The SQLSTATE that tells a PostgreSQL client about a refusal. */
export const sqlstate = ({ code, native }: Pick<Refusal, 'code' | 'native'>): string => native ?? SQLSTATES[code];

/** FATAL ErrorResponse: the last message of a conversation. */
export const fatal = (refusal: Refusal): Uint8Array =>
  errorResponse({
    severity: 'FATAL',
    code: sqlstate(refusal),
    message: refusal.message,
    detail: refusal.detail,
    hint: refusal.hint,
  });

/** For the daemon to write where the link is lost on a message boundary. */
export const epitaph: Uint8Array = fatal({
  code: 'link-lost',
  message: 'the link to the gateway was lost; whether the last statement ran is not known',
  hint: 'Connect again, and look before you repeat a write.',
});
