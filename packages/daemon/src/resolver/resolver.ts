import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import { answer, type Zone } from './answer.js';
import { LONGEST_QUERY } from './query.js';

/** TCP is for the few (RFC 7766): more connections at once, or longer silence on one, are cut off. */
const MOST_CONNECTIONS = 64;
const IDLE = 10_000;

/** Our DNS server: `*.hoop` on UDP and TCP of one loopback address, on sockets of our own. */
export class Resolver {
  readonly #zone: Zone;
  readonly #tcp: Server;
  readonly #udp: UdpSocket;
  readonly #connections = new Set<Socket>();
  #answered = 0;

  private constructor(zone: Zone, tcp: Server, udp: UdpSocket) {
    this.#zone = zone;
    this.#tcp = tcp;
    this.#udp = udp;
    tcp.maxConnections = MOST_CONNECTIONS;
    tcp.on('connection', (socket: Socket) => this.#serve(socket));
    tcp.on('error', () => {});
    udp.on('message', (message, from) => this.datagram(message, from));
    udp.on('error', () => {});
  }

  /** `tcp` is bound and listening; UDP is bound to the same address and port. Rejects if that cannot be had. */
  static async start(zone: Zone, tcp: Server, address: string, port: number): Promise<Resolver> {
    const udp = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind({ address, port, exclusive: true }, () => {
        udp.off('error', reject);
        resolve();
      });
    });
    return new Resolver(zone, tcp, udp);
  }

  get answered(): number {
    return this.#answered;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([
      new Promise<void>((closed) => this.#udp.close(closed)),
      new Promise<void>((closed) => this.#tcp.close(() => closed())),
    ]);
  }

  #answer(message: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
    const reply = answer(message, this.#zone, transport);
    if (reply !== undefined) this.#answered += 1;
    return reply;
  }

  /** A datagram from port 0 cannot be answered: to try would throw. Nor is a lost answer an error of ours. */
  datagram(message: Buffer, from: Pick<RemoteInfo, 'address' | 'port'>): void {
    if (from.port === 0) return;
    const reply = this.#answer(message, 'udp');
    if (reply !== undefined) this.#udp.send(reply, from.port, from.address, () => {});
  }

  /** Messages with a two-byte length before each (RFC 1035 §4.2.2); several may come at once. */
  #serve(socket: Socket): void {
    this.#connections.add(socket);
    let held: Buffer = Buffer.alloc(0);
    socket.setTimeout(IDLE, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('drain', () => socket.resume());
    socket.on('data', (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      while (held.length >= 2) {
        const length = held.readUInt16BE(0);
        if (length > LONGEST_QUERY) return void socket.destroy();
        if (held.length < 2 + length) return;
        const reply = this.#answer(held.subarray(2, 2 + length), 'tcp');
        held = held.subarray(2 + length);
        if (reply === undefined) return void socket.destroy();
        if (!socket.write(framed(reply))) socket.pause();
      }
    });
    socket.resume();
  }
}

function framed(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(2 + message.length);
  bytes.writeUInt16BE(message.length, 0);
  message.copy(bytes, 2);
  return bytes;
}
