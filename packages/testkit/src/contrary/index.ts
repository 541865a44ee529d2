import type { ConnectScript, Greeting, ProtocolSpec } from '@hoop/core';
import { ProtocolError } from '@hoop/core';
import { openContrary, refusalLine } from './engine.js';
import { LineCutter, line, wordsOf } from './lines.js';

export { line } from './lines.js';

/**
 * A protocol that is all that PostgreSQL is not, to keep the abstraction honest: its server speaks first, requests carry
 * numbers and are answered in any order, and one of them opens a terminal, whose bytes have no frames. No product's.
 *
 * ```
 * S: contrary 1                  C: 7 list customers     S: 8 ok 42
 * C: 8 count orders              C: 7 stop               S: 7 no stopped
 * C: 9 shell                     S: 9 shell              (from here on: keys and screen)
 * ```
 */
export const contrary: ProtocolSpec = {
  name: 'contrary',
  judges: ['command', 'shell-open'],
  reveals: ['message', 'terminal'],
  defaultPort: undefined,
  open: openContrary,
  connect,
  refuse: refusalLine,
  epitaph: line('* bye link-lost the link to the gateway was lost'),
};

export const greetContrary: Greeting = {
  speaksFirst: true,
  look: () => ({ step: 'open' }),
  refuse: refusalLine,
};

function* connect({ login, tls }: Parameters<ProtocolSpec['connect']>[0]): ConnectScript {
  if (tls === 'verify-full') yield { do: 'start-tls' };
  const lines = new LineCutter();
  const hello = yield* read(lines);
  if (wordsOf(hello) !== 'contrary 1') throw new ProtocolError('the server does not speak contrary 1');
  if (login !== undefined) {
    yield { do: 'write', bytes: line(`login ${login.user} ${login.password}`) };
    if (wordsOf(yield* read(lines)) !== 'welcome') {
      return { ok: false, refusal: { code: 'upstream-refused', message: 'the login was refused' } };
    }
  }
  return { ok: true, greeting: { hello, rest: lines.rest() } };
}

function* read(lines: LineCutter): Generator<{ do: 'read' }, Uint8Array, Parameters<ConnectScript['next']>[0]> {
  for (;;) {
    const next = lines.next();
    if (next !== undefined) return next;
    const chunk = yield { do: 'read' };
    if (!(chunk instanceof Uint8Array)) throw new ProtocolError('the server has gone');
    lines.push(chunk);
  }
}
