import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { WireConnection } from '@hoop/contracts/gateway';
import { ALPN, Channel, type Close, Head, type SyncMessage } from '@hoop/contracts/uplink';
import { leaf } from '@hoop/platform';

export interface Certified {
  cert: string;
  key: KeyObject;
}

export function certified(name: string): Certified {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { cert: leaf([name], pair, Date.now()), key: pair.privateKey };
}

/** One flow at the gateway's end; the handler sets what it wants to hear. */
export interface Arrived {
  head: Head & { kind: 'flow' };
  channel: Channel;
  socket: TLSSocket;
  /** Which of the gateway's uplinks carries it, counted from 1. */
  uplink: number;
  onData(bytes: Uint8Array): void;
  onFin(): void;
  onClose(reason: Close): void;
  onWritable(): void;
}

/** The gateway's end of the tunnel in this process: real TLS, real frames; what it answers is the test's to say. */
export class TestGateway {
  readonly server = certified('localhost');
  readonly client = certified('bob');
  connections: WireConnection[] = [];
  /** Each flow's HEAD, as it came. */
  readonly heads: Head[] = [];
  uplinks = 0;
  /** Connections, whatever came of them. */
  dialled = 0;
  /** Fingerprints of the certificates that it was shown. */
  readonly shown = new Set<string>();
  #listener: tls.Server | undefined;
  #sockets = new Set<TLSSocket>();
  #syncs = new Set<Channel>();
  port = 0;
  readonly #handle: (flow: Arrived) => void;

  constructor(handle: (flow: Arrived) => void) {
    this.#handle = handle;
  }

  async start(): Promise<this> {
    const { server, client } = this;
    this.#listener = tls.createServer({
      key: server.key.export({ type: 'pkcs8', format: 'pem' }),
      cert: server.cert,
      ca: [client.cert],
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      ALPNProtocols: [ALPN],
    });
    this.#listener.on('connection', () => {
      this.dialled += 1;
    });
    this.#listener.on('secureConnection', (socket) => this.#serve(socket));
    this.#listener.listen(this.port, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.port = (this.#listener.address() as AddressInfo).port;
    return this;
  }

  /** Ends at once, like kill -9: no FIN, no CLOSE. */
  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#listener?.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  list(connections: WireConnection[]): void {
    this.connections = connections;
    for (const sync of this.#syncs) tell(sync, { type: 'connections', connections });
  }

  tell(message: SyncMessage): void {
    for (const sync of this.#syncs) tell(sync, message);
  }

  #serve(socket: TLSSocket): void {
    this.uplinks += 1;
    this.shown.add(socket.getPeerCertificate().fingerprint256);
    const uplink = this.uplinks;
    this.#sockets.add(socket);
    let flow: Arrived | undefined;
    const channel = new Channel(socket, {
      head: (payload) => {
        const head = Head.parse(JSON.parse(Buffer.from(payload).toString()));
        this.heads.push(head);
        if (head.kind === 'sync') {
          this.#syncs.add(channel);
          return tell(channel, { type: 'connections', connections: this.connections });
        }
        const silent = { onData: () => {}, onFin: () => {}, onClose: () => {}, onWritable: () => {} };
        flow = { head, channel, socket, uplink, ...silent };
        this.#handle(flow);
      },
      data: (bytes) => flow?.onData(bytes),
      fin: () => flow?.onFin(),
      close: (reason) => flow?.onClose(reason),
      writable: () => flow?.onWritable(),
    });
    socket.on('data', (chunk: Buffer) => channel.receive(chunk));
    socket.on('drain', () => channel.drained());
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#syncs.delete(channel);
    });
  }
}

function tell(channel: Channel, message: SyncMessage): void {
  channel.send(Buffer.from(`${JSON.stringify(message)}\n`), true);
}

/** Sends back what comes, holds back while there is no room, ends when the client ends. */
export function echo(flow: Arrived): void {
  let owed = 0;
  flow.onData = (bytes) => {
    if (flow.channel.send(Buffer.from(bytes), true)) flow.channel.consumed(bytes.length, true);
    else owed += bytes.length;
  };
  flow.onWritable = () => {
    flow.channel.consumed(owed, false);
    owed = 0;
  };
  flow.onFin = () => flow.channel.finish();
}
