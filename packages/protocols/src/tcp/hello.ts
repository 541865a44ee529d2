import type { GreetingStep } from '@hoop/core';
import { HEAD_DEADLINE, LONGEST_HEAD } from './own.js';

const OPEN: GreetingStep = { step: 'open' };
/** A fatal alert, `unrecognized_name` (RFC 8446 §6.2). */
const ALERT = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 112);
const CLIENT_HELLO = 1;
/** Encrypted Client Hello and delegated credentials (RFC 9849, RFC 9345): Firefox has both; other programs than browsers hardly. */
const BROWSERS_OWN = [0xfe0d, 0x22];

/**
 * A program's handshake goes on, whatever name it is for: an upstream's certificate may be for a name of its own, which the
 * program asks for and verifies (`tls-server-name` of a kubeconfig). A browser's is refused, whatever its name: whether a person
 * or a page of another site made it is told only inside of it, where nobody can look. A browser is told by its marks.
 *
 * Limits. A browser without any, from before they came, gets its ClientHello to an upstream, also by a name that was rebound and
 * with a session that its server chose; no more, as the certificate is for another name. A program that has a mark, as mail programs made of Firefox, or what greases ECH
 * as browsers do, is taken for a browser.
 */
export function lookAtHello(first: Uint8Array): GreetingStep {
  const bytes = messageOf(first.subarray(0, LONGEST_HEAD));
  if (bytes === 'more') return first.length < LONGEST_HEAD ? SLOW : refused('a handshake without an end');
  return bytes !== undefined && isBrowsers(new Reader(bytes)) ? refused('TLS of a browser') : OPEN;
}

/** The first handshake message out of its records; undefined where there is none (RFC 8446 §5.1). */
function messageOf(first: Uint8Array): Uint8Array | 'more' | undefined {
  const pieces: number[] = [];
  for (let at = 0; ; ) {
    const [type, major, , high, low] = first.subarray(at, at + 5);
    if ((type ?? 0x16) !== 0x16 || (major ?? 3) !== 3) return undefined;
    if (high === undefined || low === undefined) return 'more';
    const end = at + 5 + high * 256 + low;
    pieces.push(...first.subarray(at + 5, end));
    const [kind, top = 0, middle = 0, bottom] = pieces;
    if ((kind ?? CLIENT_HELLO) !== CLIENT_HELLO || end === at + 5) return undefined;
    const size = bottom === undefined ? Number.POSITIVE_INFINITY : 4 + top * 65_536 + middle * 256 + bottom;
    if (pieces.length >= size) return Uint8Array.from(pieces.slice(4, size));
    if (end > first.length) return 'more';
    at = end;
  }
}

/** RFC 8446 §4.1.2. What is not as it says there is nobody's. */
function isBrowsers(hello: Reader): boolean {
  hello.take(2 + 32);
  hello.vector(1);
  const ciphers = new Reader(hello.vector(2));
  hello.vector(1);
  const extensions = new Reader(hello.vector(2));
  let isBrowser = false;
  while (ciphers.left > 0) isBrowser = isGrease(ciphers.number(2)) || isBrowser;
  while (extensions.left > 0) {
    const type = extensions.number(2);
    extensions.vector(2);
    isBrowser ||= isGrease(type) || BROWSERS_OWN.includes(type);
  }
  return isBrowser && ![hello, ciphers, extensions].some(({ isShort }) => isShort);
}

/** Values that mean nothing, by which Chromium and Safari keep servers tolerant (RFC 8701). */
const isGrease = (value: number) => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);

/** Never reads past the end: what is missing is nothing, and told by `isShort`. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  get isShort(): boolean {
    return this.left < 0;
  }

  take(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Bytes behind their number, which has `size` bytes. */
  vector(size: number): Uint8Array {
    return this.take(this.number(size));
  }
}

const refused = (why: string) => ({ step: 'reject', why, bytes: ALERT }) as const;
const SLOW: GreetingStep = {
  step: 'need',
  late: { after: HEAD_DEADLINE, step: refused('a handshake without an end') },
};
