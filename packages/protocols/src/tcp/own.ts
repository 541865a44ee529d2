import type { Own } from '@hoop/core';

/** Milliseconds for what does not look like a page's so far. A browser sends a request's beginning in one piece. */
export const BRIEFLY = 250;
/** Milliseconds for the rest of what does: a person may type a request. */
export const HEAD_DEADLINE = 10_000;
/** Bytes that a head or a handshake may have; the usual limit of servers. */
export const LONGEST_HEAD = 16_384;

const AUTHORITY = /^([^\s:@/?#[\]]+)(?::(\d{1,5}))?$/;
/** A URL, or an origin: the authority is all that matters. */
const URL_START = /^(https?):\/\/([^/?#]*)/i;
const DEFAULT_PORT: Record<string, number> = { http: 80, https: 443 };

/** `thing.hoop`, `thing.hoop:9000`, the same by the profile-qualified name or the address (RFC 9110 §7.2). */
export function isOwnHost(authority: string, own: Own): boolean {
  const [, host = '', port] = AUTHORITY.exec(authority) ?? [];
  return isOwnName(host, own) && (port === undefined || Number(port) === own.port);
}

/** An `Origin`, a `Referer`, an absolute target (RFC 9112 §3.2.2): of this very port. `null` is nobody's. */
export function isOwnUrl(url: string, own: Own): boolean {
  const [, scheme = '', authority = ''] = URL_START.exec(url) ?? [];
  const [, host = '', port] = AUTHORITY.exec(authority) ?? [];
  return isOwnName(host, own) && Number(port ?? DEFAULT_PORT[scheme.toLowerCase()]) === own.port;
}

/** A name's last dot is not part of it. */
export function isOwnName(host: string, own: Own): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name !== '' && (name === own.address || own.names.includes(name));
}
