import type { ConnectScript, ProtocolSpec } from '@hoop/core';
import { EMPTY } from '@hoop/core';
import { openTcp } from './engine.js';

/**
 * Bytes of a protocol that hoop does not know: passed both ways, counted, never judged. Has no words of its own, so a
 * refusal is the end of the connection and nothing else.
 */
export const tcp: ProtocolSpec = {
  name: 'tcp',
  judges: [],
  reveals: [],
  defaultPort: undefined,
  open: openTcp,
  connect,
  refuse: () => EMPTY,
  epitaph: EMPTY,
};

/** Ready as soon as the socket is; with `verify-full` that is TLS from the first byte. */
function* connect({ tls }: { tls: 'verify-full' | 'disable' }): ConnectScript {
  if (tls === 'verify-full') yield { do: 'start-tls' };
  return { ok: true, greeting: undefined };
}
