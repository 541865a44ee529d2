import { UserError, whyUnreached } from '@hoop/core';

/** Node's and OpenSSL's codes of a certificate that is not believed. */
const UNTRUSTED =
  /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_(UNTRUSTED|REJECTED|REVOKED|SIGNATURE|NOT_YET|HAS_EXPIRED)|ALTNAME/;

/** The other end was reached, and its certificate not believed. */
export const isUntrusted = (cause: unknown): boolean => UNTRUSTED.test(codeOf(cause));

/** What is wrong between us and the gateway, in words that name the cure. */
export function unreachable(gateway: URL, cause: unknown): UserError {
  const code = codeOf(cause);
  if (isUntrusted(cause)) {
    const why = code.includes('ALTNAME')
      ? 'its certificate is for another name'
      : `its certificate is not trusted (${code})`;
    return new UserError('gateway-untrusted', `${gateway.host} is not believed: ${why}`, {
      hint: 'pass its roots with --ca-file, or pin a certificate of its chain with --ca-fingerprint',
      exit: 'unavailable',
      cause,
    });
  }
  return new UserError('gateway-unreachable', `the gateway ${gateway.origin} cannot be reached${because(cause)}`, {
    hint: 'check the address and the network; behind a proxy, set HTTPS_PROXY',
    exit: 'unavailable',
    cause,
  });
}

/** `: why`, in words where the code has any; nothing for an error without one. */
export function because(cause: unknown): string {
  const code = codeOf(cause);
  return code && `: ${whyUnreached(code) ?? code}`;
}

/** The first error code in the chain of causes. */
export function codeOf(error: unknown): string {
  for (let at = error as { code?: unknown; cause?: unknown } | undefined, depth = 0; at && depth < 5; depth += 1) {
    if (typeof at.code === 'string') return at.code;
    at = at.cause as typeof at;
  }
  return '';
}
