import { type Dialled, EMPTY, type Engine, type FlowContext, type Note, type Refusal, type Script } from '@hoop/core';
import { fromClient } from './client.js';
import { line } from './lines.js';
import { Requests } from './requests.js';
import { fromUpstream } from './upstream.js';

/** Many requests at once, answered in any order; or a terminal, once one is opened. */
export function openContrary(flow: FlowContext): Engine {
  const requests = new Requests(flow);
  return {
    fromClient: () => dialThen(requests),
    fromUpstream: () => fromUpstream(requests),
    say: (note) => requests.say(rendered(requests, note)),
    refuse: (refusal) => (requests.boundary ? refused(requests, refusal) : EMPTY),
    working: () => requests.areOpen,
  };
}

/** The server speaks first, so it is dialled before the client has said anything. */
function* dialThen(requests: Requests): Script {
  const database = requests.flow.databases[0] ?? '';
  const dialled = (yield { do: 'dial', database, user: '', parameters: new Map() }) as Dialled;
  if (!dialled.ok) {
    yield { do: 'refuse', refusal: dialled.refusal };
    return;
  }
  yield { do: 'note', entry: { kind: 'opened' } };
  const { hello, rest } = dialled.greeting as ContraryGreeting;
  yield { do: 'send', to: 'client', bytes: hello, boundary: true };
  requests.opened(rest);
  yield* fromClient(requests);
}

/** The server's first line, and what came with it. */
export interface ContraryGreeting {
  hello: Uint8Array;
  rest: Uint8Array;
}

const rendered = ({ terminal }: Requests, { severity, message }: Note): Uint8Array =>
  terminal ? inTerminal(message) : line(`* ${severity} ${message}`);
const refused = ({ terminal }: Requests, refusal: Refusal): Uint8Array =>
  terminal ? inTerminal(refusal.message) : refusalLine(refusal);
export const refusalLine = ({ code, message }: Refusal): Uint8Array => line(`* bye ${code} ${message}`);

/** A line of its own, wherever the cursor stands. */
const inTerminal = (message: string): Uint8Array => Buffer.from(`\r\n[hoop] ${message}\r\n`);
