import type { Dialled, Engine, FlowContext, Script, Side } from '@hoop/core';
import { EMPTY, READ } from '@hoop/core';

/** The least an engine can be; start here to see how one is written. */
export function openTcp(flow: FlowContext): Engine {
  return {
    fromClient: () => fromClient(flow),
    fromUpstream: () => pass('client'),
    say: () => {},
    refuse: () => EMPTY,
  };
}

function* fromClient(flow: FlowContext): Script {
  const database = flow.databases[0] ?? '';
  const dialled = (yield { do: 'dial', database, user: '', parameters: new Map() }) as Dialled;
  if (!dialled.ok) {
    yield { do: 'refuse', refusal: dialled.refusal };
    return;
  }
  yield { do: 'note', entry: { kind: 'opened' } };
  yield* pass('upstream');
}

/** Chunk by chunk to the other side, then its FIN. Nobody knows where a message ends, so no chunk is a boundary. */
function* pass(to: Side): Script {
  for (;;) {
    const bytes = (yield READ) as Uint8Array | null;
    if (bytes === null) break;
    yield { do: 'send', to, bytes, boundary: false };
  }
  yield { do: 'finish', side: to };
}
