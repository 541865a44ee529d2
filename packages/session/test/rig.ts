import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Recorder, RecordLine } from '@hoop/controls';
import { tcp } from '@hoop/protocols';
import { Flow } from '../src/flow.js';
import { cancelRegistry, type FlowOptions } from '../src/index.js';
import { MemoryWire } from './wire.js';

/** A server on a free loopback port; closed with all its sockets by `Symbol.asyncDispose`. */
export class TestServer {
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  readonly #waiting: ((socket: Socket) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(serve: (socket: Socket) => void): Promise<TestServer> {
    const server = createServer({ allowHalfOpen: true });
    const test = new TestServer(server);
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      test.sockets.push(socket);
      serve(socket);
      test.#waiting.shift()?.(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return test;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  next(): Promise<Socket> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class MemoryRecorder implements Recorder {
  readonly lines: RecordLine[] = [];
  fails = false;
  /** Set to hold appends back until it resolves. */
  gate: Promise<void> = Promise.resolve();

  async append(line: RecordLine): Promise<void> {
    if (this.fails) throw new Error('disk full');
    await this.gate;
    this.lines.push(line);
  }

  tell(line: RecordLine): void {
    this.lines.push(line);
  }

  get kinds(): string[] {
    return this.lines.map((line) => (line.kind === 'entry' ? line.entry.kind : line.kind));
  }
}

export const cancels = cancelRegistry();

/** A flow to a port of loopback, with all that it needs in memory. */
export function flowTo(port: number, spec = tcp, change: Partial<FlowOptions> = {}) {
  const wire = new MemoryWire();
  const recorder = new MemoryRecorder();
  const stop = new AbortController();
  const bugs: unknown[] = [];
  const flow = new Flow(spec, {
    session: '7kq2',
    identity: { subject: 'u1', email: 'alice@shop.example', groups: [] },
    upstream: {
      name: 'pg-prod',
      protocol: 'tcp',
      host: '127.0.0.1',
      port,
      tls: 'disable',
      databases: ['shop'],
      record: 'statements',
    },
    wire,
    recorder,
    durability: 'writes',
    signal: stop.signal,
    cancels,
    report: (error) => bugs.push(error),
    ...change,
  });
  return { wire, recorder, stop, bugs, outcome: flow.run() };
}
