import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { Outcome, Refusal } from '@hoop/core';
import { type FlowOptions, runFlow, type Wire } from '../src/index.js';
import { cancels, MemoryRecorder } from './rig.js';

/** A client's plain TCP socket as a flow's wire: what the uplink does, without the uplink. */
function wireOf(socket: Socket): Wire {
  let unread = 0;
  const wire: Wire = {
    onData: () => {},
    onEnd: () => {},
    onLost: () => {},
    onDrain: () => {},
    write: (bytes) => socket.write(bytes),
    consumed(n) {
      unread -= n;
      if (unread < 262_144) socket.resume();
    },
    finish: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
  socket.on('data', (chunk) => {
    unread += chunk.length;
    if (unread >= 262_144) socket.pause();
    wire.onData(chunk as Uint8Array);
  });
  socket.on('end', () => wire.onEnd());
  socket.on('drain', () => wire.onDrain());
  socket.on('error', ({ message }) => wire.onLost(message));
  return wire;
}

export interface Running {
  stop(refusal: Refusal): void;
  recorder: MemoryRecorder;
  outcome: Promise<Outcome>;
}

/** A loopback port whose every connection is a flow to the upstream. */
export class Front {
  readonly flows: Running[] = [];
  readonly bugs: unknown[] = [];
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true });

  static async open(upstream: FlowOptions['upstream']): Promise<Front> {
    const front = new Front();
    front.#server.on('connection', (socket) => front.#run(socket, upstream));
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #run(socket: Socket, upstream: FlowOptions['upstream']): void {
    const stop = new AbortController();
    const recorder = new MemoryRecorder();
    const outcome = runFlow({
      session: String(this.flows.length),
      identity: { subject: 'u1', email: 'alice@shop.example', groups: [] },
      upstream,
      wire: wireOf(socket),
      recorder,
      durability: 'writes',
      signal: stop.signal,
      cancels,
      report: (error) => this.bugs.push(error),
    });
    this.flows.push({ stop: (refusal) => stop.abort(refusal), recorder, outcome });
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const flow of this.flows) flow.stop({ code: 'shutting-down', message: 'The test is over.' });
    await Promise.all(this.flows.map((flow) => flow.outcome));
  }
}
