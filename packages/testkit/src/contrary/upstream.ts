import {
  concat,
  type Effect,
  EMPTY,
  type Message,
  type Output,
  ProtocolError,
  type Script,
  type Terminal,
} from '@hoop/core';
import { LineCutter, readNumbered } from './lines.js';
import type { Requests } from './requests.js';
import { Screen } from './screen.js';

/** What the server says, and what we say in between. */
export function* fromUpstream(requests: Requests): Script {
  const read: Effect = { do: 'read', or: requests.said };
  while (requests.early === undefined) yield { do: 'wait', until: requests.said };
  const server = new Server(requests);
  yield* server.hear(requests.early);
  for (;;) {
    const chunk = (yield read) as Uint8Array | null | undefined;
    if (chunk === null) break;
    if (chunk === undefined) yield* server.say();
    else yield* server.hear(chunk);
  }
  yield* server.say();
  yield { do: 'close', end: requests.clientEnded ? 'client' : 'upstream' };
}

class Server {
  readonly #requests: Requests;
  readonly #lines = new LineCutter();
  readonly #screen = new Screen();

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /** Words of ours stand between lines, and in a terminal between what belongs together. */
  *say(): Script {
    const bytes = this.#requests.boundary ? this.#requests.takeWords() : EMPTY;
    if (bytes.length > 0) yield { do: 'send', to: 'client', bytes, boundary: true };
  }

  *hear(chunk: Uint8Array): Script {
    if (this.#requests.terminal) return yield* this.#show(chunk);
    this.#lines.push(chunk);
    const out: Uint8Array[] = [];
    for (let next = this.#lines.next(); next !== undefined && !this.#requests.terminal; next = this.#next()) {
      out.push(yield* this.#answer(next));
    }
    yield* this.say();
    if (out.length > 0) yield { do: 'send', to: 'client', bytes: concat(out), boundary: true };
    if (this.#requests.terminal) yield* this.#show(this.#lines.rest());
  }

  #next(): Uint8Array | undefined {
    return this.#requests.terminal ? undefined : this.#lines.next();
  }

  /** The line as the client may see it. */
  *#answer(bytes: Uint8Array): Script<Uint8Array> {
    if (bytes[0] === STAR) return bytes;
    const { id, verb, rest } = readNumbered(bytes);
    const one = this.#requests.find(id);
    if (one?.runs !== true) throw new ProtocolError('an answer to nothing that was asked');
    if (verb === 'shell') {
      this.#requests.terminal = true;
      this.#requests.terminalOf = one.statement;
    }
    this.#requests.end(one);
    // One more may be open now.
    this.#requests.decided.raise();
    const entry = this.#requests.finished(one, bytes.length, verb === 'no' ? rest : undefined);
    const output: Output = { kind: 'message', text: rest };
    const shown = verb === 'ok' ? yield* this.#reveal(output, one.statement) : output;
    yield { do: 'note', entry };
    return shown === output ? bytes : Buffer.from(`${id} ${verb} ${(shown as Message).text}\n`);
  }

  *#show(bytes: Uint8Array): Script {
    if (bytes.length === 0) return;
    yield* this.say();
    const shown = yield* this.#reveal({ kind: 'terminal', bytes }, this.#requests.terminalOf);
    const boundary = this.#screen.follow(bytes);
    this.#requests.boundary = boundary;
    yield { do: 'send', to: 'client', bytes: (shown as Terminal).bytes, boundary };
    yield* this.say();
  }

  *#reveal(output: Output, statement: number): Script<Output> {
    return this.#requests.flow.recordsOutput ? ((yield { do: 'reveal', output, statement }) as Output) : output;
  }
}

const STAR = 0x2a;
