import type { Greeting, GreetingStep, Own } from '@hoop/core';
import { EMPTY } from '@hoop/core';
import { lookAtHello } from './hello.js';
import { lookAtHttp } from './http.js';
import { lookAtStun } from './stun.js';

/** Nothing to go by: then no name is the right one. */
const NOWHERE: Own = { names: [], address: '', port: 0 };
/** The first byte of a TLS record that carries a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;

/**
 * Who talks first is not known, so a flow opens at once; TLS, if there is any, is between the two ends. What the client says
 * first is held only as long as it may come from a page in a browser: a page can send HTTP, TLS and STUN, nothing else.
 */
export const greetTcp: Greeting = {
  speaksFirst: true,
  look: (first, _tls, own = NOWHERE) => lookAt(first, own),
  refuse: () => EMPTY,
};

function lookAt(first: Uint8Array, own: Own): GreetingStep {
  if (first.length === 0) return { step: 'open' };
  if (first[0] === TLS_HANDSHAKE) return lookAtHello(first);
  return lookAtStun(first) ?? lookAtHttp(first, own);
}
