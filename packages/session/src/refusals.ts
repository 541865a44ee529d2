import { ProtocolError, type Refusal } from '@hoop/core';

/** The credential that the configuration refers to could not be read; why stays with us. */
export class CredentialError extends Error {
  constructor(cause: unknown) {
    super('the credential cannot be read', { cause });
    this.name = 'CredentialError';
  }
}

export class DialTimeout extends Error {
  constructor(ms: number) {
    super(`no answer within ${Math.round(ms / 1000)} s`);
    this.name = 'DialTimeout';
  }
}

/** What OpenSSL and Node call a certificate that does not verify. */
const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|CRL_)/;
const REACH: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its host name does not resolve',
  EAI_AGAIN: 'its host name does not resolve just now',
  EHOSTUNREACH: 'there is no route to its host',
  ENETUNREACH: 'there is no route to its network',
  ETIMEDOUT: 'its host does not answer',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
};
const HINT = 'Ask the operator of the gateway.';

/** Why a dial failed, for the person: names the connection and the reason, never an address or a credential. */
export function refusalOf(connection: string, error: unknown): Refusal {
  const code = codeOf(error);
  if (error instanceof CredentialError) {
    return refused(`The gateway's credential for ${connection} cannot be read.`);
  }
  if (error instanceof ProtocolError) return refused(`${connection} does not speak as expected: ${error.message}.`);
  if (CERTIFICATE.test(code)) {
    return refused(`The certificate of ${connection} does not verify (${code}), so nothing was sent to it.`);
  }
  const reason = error instanceof DialTimeout ? error.message : (REACH[code] ?? 'the connection failed');
  return {
    code: 'upstream-unreachable',
    message: `The gateway cannot reach ${connection}: ${reason}.`,
    hint: 'Try again; if it stays so, ask the operator whether it is up.',
  };
}

/** The upstream broke an open conversation. */
export function lostUpstream(connection: string, error: Error): Refusal {
  const reason = REACH[codeOf(error)] ?? 'the connection broke';
  return { code: 'upstream-unreachable', message: `The gateway has lost ${connection}: ${reason}.` };
}

/** A control goes by what statements do, and this protocol's cannot be read (design §4, rule 6). */
export function unreadable(connection: string, protocol: string): Refusal {
  return {
    code: 'upstream-refused',
    message: `${connection} has controls that go by what a statement does, which cannot be told of ${protocol}.`,
    hint: HINT,
  };
}

function refused(message: string): Refusal {
  return { code: 'upstream-refused', message, hint: HINT };
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  // `net.connect` that tried several addresses wraps what each said.
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : '';
}

export function isRefusal(reason: unknown): reason is Refusal {
  if (typeof reason !== 'object' || reason === null || reason instanceof Error) return false;
  return 'code' in reason && 'message' in reason && typeof reason.message === 'string';
}
