import type { GreetingStep, Own, Settled } from '@hoop/core';
import { followed } from './body.js';
import { BRIEFLY, HEAD_DEADLINE, isOwnHost, isOwnUrl, LONGEST_HEAD } from './own.js';

/** RFC 9110 §5.6.2. A page may ask by any method that is one. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/** A request line as far as it has come (RFC 9112 §3): method, target, version; what does not match is none. */
const LINE = new RegExp(`^(${TOKEN})(?: ([^\\0-\\x20\\x7f]*)(?: ([^\\r\\n]{0,5})|$)|$)`);
const REQUEST = new RegExp(`^${TOKEN} ([^\\0-\\x20\\x7f]+) HTTP/1\\.[01]$`);
const NAME = new RegExp(`^${TOKEN}$`);
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
/** HTTP/2 begins so (RFC 9113 §3.4). In the clear no browser speaks it, and no request of HTTP/1 can look like this. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const latin1 = new TextDecoder('latin1');
const encoder = new TextEncoder();

/**
 * An HTTP request goes on only if it is meant for this connection, and no page of another site has made it. Whatever is no
 * request goes on as soon as that is seen.
 */
export function lookAtHttp(first: Uint8Array, own: Own): GreetingStep {
  const text = latin1.decode(first.subarray(0, LONGEST_HEAD));
  const kind = kindOf(text);
  if (kind === 'other') return { step: 'open' };
  const end = kind === 'request' ? /\r?\n\r?\n/.exec(text) : null;
  if (end !== null) return judge(text.slice(0, end.index), end.index + end[0].length, own);
  if (first.length >= LONGEST_HEAD) return TOO_LONG;
  return kind === 'word' ? BRIEF : SLOW;
}

/** By the first line as far as it is there. `begun`: it looks like a request's; `word`: it may become anything. */
function kindOf(text: string): 'request' | 'begun' | 'word' | 'other' {
  if (text.startsWith(PREFACE)) return 'other';
  if (PREFACE.startsWith(text)) return 'begun';
  const [line, method = '', target = '', version] = LINE.exec(text) ?? [];
  if (line === undefined || (target === '' && version !== undefined)) return 'other';
  if (version === 'HTTP/') return 'request';
  if (line.length < text.length || !'HTTP/'.startsWith(version ?? '')) return 'other';
  const isLikely = METHODS.some((one) => one.startsWith(method)) || /^[/*h]/i.test(target);
  return isLikely ? 'begun' : 'word';
}

/** `length`: of the head with its end. */
function judge(head: string, length: number, own: Own): Settled {
  const [line = '', ...rest] = head.split(/\r?\n/);
  const [, target] = REQUEST.exec(line) ?? [];
  const fields = fieldsOf(rest);
  if (target === undefined || fields === undefined) return UNREADABLE;
  if (!isForUs(target, fields('host'), own))
    return misdirected('HTTP for another host', `this port is ${named(own)}’s alone`);
  const [origins, referers, sites] = [fields('origin'), fields('referer'), fields('sec-fetch-site')];
  const ours = [...origins, ...referers].every((url) => isOwnUrl(url, own));
  // Another port of the same address is the same site: so that is not enough (W3C Fetch Metadata §2.3).
  if (!ours || !sites.every((site) => site === 'same-origin' || site === 'none')) {
    return forbidden('HTTP of another site', `another site may not send requests to ${named(own)}`);
  }
  const tells = origins.length + referers.length + sites.length > 0;
  const isBrowser = tells || fields('user-agent').some((agent) => agent.startsWith('Mozilla/'));
  if (isBrowser && !tells) return forbidden('HTTP of a browser that does not say whose', unsaid(own));
  if (!isBrowser) return { step: 'open' };
  // A browser sends more requests by the same connection, of whatever page.
  const follow = followed(length, fields('content-length'), fields('transfer-encoding'));
  return follow === undefined ? UNREADABLE : { step: 'open', follow };
}

/** All values of a field by its name in lower case; undefined where a line is none, as a folded one (RFC 9112 §5.2). */
function fieldsOf(lines: readonly string[]): ((name: string) => string[]) | undefined {
  const fields = lines.map(
    (line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const,
  );
  if (!lines.every((line) => line.includes(':') && !/[\0\r]/.test(line))) return undefined;
  if (!fields.every(([name]) => NAME.test(name))) return undefined;
  return (wanted) => fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** One `Host`, ours, whatever the target says; and a target that names a host names us (RFC 9112 §3.2). */
function isForUs(target: string, hosts: readonly string[], own: Own): boolean {
  if (hosts.length !== 1 || !isOwnHost(hosts[0]!, own)) return false;
  return target.startsWith('/') || target === '*' || isOwnUrl(target, own);
}

const named = ({ names, address }: Own) => names[0] ?? address;
/** To a loopback address a browser says from which site a request comes; to a name without TLS it does not (Fetch Metadata §3). */
const unsaid = ({ address, port }: Own) =>
  `by a name a browser does not say whose request this is; open http://${address}:${port}/`;

const misdirected = (why: string, text: string) => answered('421 Misdirected Request', why, text);
const forbidden = (why: string, text: string) => answered('403 Forbidden', why, text);

function answered(status: string, why: string, text: string): Settled {
  const body = encoder.encode(`hoop: ${text}\n`);
  const head = [`HTTP/1.1 ${status}`, 'Content-Type: text/plain; charset=utf-8', `Content-Length: ${body.length}`];
  const bytes = [...encoder.encode([...head, 'Connection: close', '', ''].join('\r\n')), ...body];
  return { step: 'reject', why, bytes: Uint8Array.from(bytes) };
}

const UNREADABLE = misdirected('HTTP that cannot be read', 'this request is not well-formed');
const TOO_LONG = misdirected('HTTP with a head too long', 'the head of this request is too long');
const UNFINISHED = misdirected('HTTP without an end of its head', 'the rest of this request did not come');
const SLOW: GreetingStep = { step: 'need', late: { after: HEAD_DEADLINE, step: UNFINISHED } };
const BRIEF: GreetingStep = { step: 'need', late: { after: BRIEFLY, step: { step: 'open' } } };
