import type { Greeting, GreetingStep } from '@hoop/core';
import { EMPTY, ProtocolError } from '@hoop/core';
import { utf8 } from './codec/fields.js';
import { readStartup, type Startup } from './codec/frontend.js';
import { fatal } from './refusal.js';

/** First byte of a TLS record that carries a handshake: direct TLS (libpq 17's `sslnegotiation=direct`). */
const TLS_HANDSHAKE = 0x16;
/** The ALPN name of direct TLS. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL */
export const ALPN = 'postgresql';

const NEED: GreetingStep = { step: 'need' };
const OPEN: GreetingStep = { step: 'open' };

/**
 * What a PostgreSQL client says before its startup packet. The rest of the protocol is for the gateway: whatever is a
 * startup or a cancel request goes through as it came.
 */
export const greetPostgres: Greeting = {
  speaksFirst: false,
  look(first, tls) {
    if (first.length === 0) return NEED;
    if (first[0] === TLS_HANDSHAKE) {
      return tls === 'none' ? { step: 'tls', consumed: 0, bytes: EMPTY } : reject('TLS within TLS');
    }
    // Every packet is shorter than 64 KiB: its two first bytes are zero, which no text is.
    if (first[0] !== 0 || (first.length > 1 && first[1] !== 0)) return reject('not PostgreSQL');
    return step(first, tls);
  },
  refuse: fatal,
};

function step(first: Uint8Array, tls: 'none' | 'active'): GreetingStep {
  const packet = read(first);
  if (packet === undefined) return reject('not a startup packet');
  switch (packet.kind) {
    case 'need':
      return NEED;
    case 'ssl':
      return answerTls(first, packet.size, tls);
    case 'gssenc':
      return { step: 'answer', consumed: packet.size, bytes: utf8('N') };
    default:
      return OPEN;
  }
}

function answerTls(first: Uint8Array, size: number, tls: 'none' | 'active'): GreetingStep {
  if (tls === 'active') return reject('SSLRequest within TLS');
  // Bytes sent before the handshake would count as said inside of it (CVE-2021-23214).
  if (first.length > size) return reject('bytes behind SSLRequest');
  return { step: 'tls', consumed: size, bytes: utf8('S') };
}

function read(first: Uint8Array): Startup | undefined {
  try {
    return readStartup(first);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

const reject = (why: string): GreetingStep => ({ step: 'reject', why });
