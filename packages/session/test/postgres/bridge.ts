import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Recorder, RecordLine } from '@hoop/controls';
import type { Outcome, Refusal } from '@hoop/core';
import { concat, textOf } from '@hoop/core';
import { greetPostgres } from '@hoop/protocols/greet';
import { cancelRegistry, type FlowOptions, type Lessor, runFlow, type Upstream, type Wire } from '../../src/index.js';

export interface Leaf {
  key: string;
  certificate: string;
}

/** A record in memory, a new one for each bridge. */
export class Lines implements Recorder {
  readonly all: RecordLine[] = [];
  fails: (text: string) => boolean = () => false;
  /** What every intent waits for. */
  gate: Promise<void> | undefined;

  async append(line: RecordLine): Promise<void> {
    if (line.kind === 'intent') await this.gate;
    if (line.kind === 'intent' && this.fails(textOf(line.action))) throw new Error('disk full');
    this.all.push(line);
  }
  tell(line: RecordLine): void {
    this.all.push(line);
  }

  get intents() {
    return this.all.flatMap((line) =>
      line.kind === 'intent' && line.action.kind === 'statement' ? [{ ...line, action: line.action }] : [],
    );
  }
  get entries() {
    return this.all.flatMap((line) => (line.kind === 'entry' ? [line.entry] : []));
  }
  get finished() {
    return this.entries.flatMap((entry) => (entry.kind === 'finished' ? [entry] : []));
  }
}

/** Whose flows they are, where it matters. */
export interface Whose {
  groups?: readonly string[];
  credentials?: Lessor;
  /** What decides on them, and what is masked. */
  controls?: Partial<FlowOptions>;
}

/** A listener as hoopd has it, with the flows run in place: greeting, local TLS, wire, driver, engine, upstream. */
export class Bridge {
  readonly lines = new Lines();
  readonly outcomes: Promise<Outcome>[] = [];
  readonly bugs: unknown[] = [];
  readonly revoke = new AbortController();
  /** Told of all that goes to a client. */
  onSent: (bytes: Uint8Array) => void = () => {};
  readonly #server: Server;
  readonly #cancels = cancelRegistry();
  readonly #sockets = new Set<Socket>();

  private constructor(upstream: Upstream, leaf: Leaf, whose: Whose) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
      greet(socket, leaf, (open, first) => this.#open(upstream, whose, open, first));
    });
  }

  static async open(upstream: Upstream, leaf: Leaf, whose: Whose = {}): Promise<Bridge> {
    const bridge = new Bridge(upstream, leaf, whose);
    await new Promise<void>((resolve) => bridge.#server.listen(0, '127.0.0.1', resolve));
    return bridge;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await Promise.all(this.outcomes);
  }

  #open(upstream: Upstream, whose: Whose, socket: Socket, first: Uint8Array): void {
    const wire = new SocketWire(socket, (bytes) => this.onSent(bytes));
    this.outcomes.push(
      runFlow({
        session: `s${this.outcomes.length}`,
        identity: { subject: 'u1', email: 'alice@shop.example', groups: whose.groups ?? [] },
        upstream,
        credentials: whose.credentials,
        wire,
        recorder: this.lines,
        durability: 'writes',
        signal: this.revoke.signal,
        cancels: this.#cancels,
        report: (bug) => this.bugs.push(bug),
        ...whose.controls,
      }),
    );
    wire.onData(first);
    wire.flow();
  }
}

/** The daemon's part before a flow exists. */
function greet(socket: Socket, leaf: Leaf, open: (socket: Socket, first: Uint8Array) => void, tls = false): void {
  let first: Uint8Array = new Uint8Array(0);
  const look = (chunk: Uint8Array) => {
    first = concat([first, chunk]);
    for (;;) {
      const step = greetPostgres.look(first, tls ? 'active' : 'none');
      if (step.step === 'need') return;
      if (step.step === 'reject') return void socket.destroy();
      if (step.step === 'answer') {
        first = first.subarray(step.consumed);
        socket.write(step.bytes);
        continue;
      }
      socket.removeListener('data', look);
      socket.pause();
      if (step.step === 'open') return open(socket, first);
      if (step.bytes.length > 0) socket.write(step.bytes);
      return greet(secure(socket, first.subarray(step.consumed), leaf), leaf, open, true);
    }
  };
  socket.on('data', look);
}

function secure(socket: Socket, rest: Uint8Array, leaf: Leaf): Socket {
  if (rest.length > 0) socket.unshift(rest);
  const secureContext = createSecureContext({ key: leaf.key, cert: leaf.certificate });
  const inner = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['postgresql'] });
  return inner.on('error', () => {});
}

class SocketWire implements Wire {
  onData: (chunk: Uint8Array) => void = () => {};
  onEnd: () => void = () => {};
  onLost: (why: string) => void = () => {};
  onDrain: () => void = () => {};
  readonly #socket: Socket;
  #owed = 0;

  constructor(
    socket: Socket,
    readonly sent: (bytes: Uint8Array) => void,
  ) {
    this.#socket = socket;
    socket.on('data', (chunk: Uint8Array) => {
      this.#owed += chunk.length;
      this.onData(chunk);
      if (this.#owed > 1 << 18) socket.pause();
    });
    socket.on('end', () => this.onEnd());
    socket.on('error', (error) => this.onLost(error.message));
    socket.on('close', () => this.onLost('closed'));
    socket.on('drain', () => this.onDrain());
  }

  flow(): void {
    this.#socket.resume();
  }
  write(bytes: Uint8Array): boolean {
    this.sent(bytes);
    return this.#socket.write(bytes);
  }
  consumed(n: number): void {
    this.#owed -= n;
    if (this.#owed <= 0 && this.#socket.isPaused()) this.#socket.resume();
  }
  finish(): void {
    this.#socket.end();
  }
  destroy(_why?: Refusal): void {
    this.#socket.destroy();
  }
}
