import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import { bindTcp } from '@hoop/platform';
import { answer, type Zone } from './answer.js';
import { LONGEST_QUERY } from './query.js';

/** TCP is for the few (RFC 7766): more connections at once, or longer silence on one (milliseconds), are cut off. */
const MOST_CONNECTIONS = 64;
const IDLE = 10_000;

/** One loopback address and port, for UDP and TCP. */
export interface Place {
  address: string;
  port: number;
}
/** What of a place could not be had, and why (an errno name). */
export interface Missing {
  transport: 'udp' | 'tcp';
  why: string;
}

/** Our DNS server: `*.hoop` on UDP and TCP of one loopback address, on sockets of our own. */
export class Resolver {
  readonly #zone: Zone;
  readonly #claimed: (Place & { server: Server }) | undefined;
  /** The one that was silent longest first. */
  readonly #connections = new Set<Socket>();
  #place: Place | undefined;
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #answered = 0;

  /** `claimed` is bound already; it answers too, for as long as the resolver is there. */
  constructor(zone: Zone, claimed?: Place & { server: Server }) {
    this.#zone = zone;
    this.#claimed = claimed;
    if (claimed !== undefined) this.#attend(claimed.server);
  }

  /** Where it is asked; UDP is what everybody begins with. */
  get place(): Place | undefined {
    return this.#udp && this.#place;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Takes what it does not have of a place, and leaves any other. Answers what cannot be had. One call at a time. */
  async bind(place: Place): Promise<Missing[]> {
    if (!isSame(place, this.#place)) await this.#leave();
    this.#place = place;
    const udp = this.#udp ?? (await this.#bindUdp(place));
    const tcp = this.#tcp ?? (await this.#bindTcp(place));
    if (typeof udp !== 'string') this.#udp = udp;
    if (typeof tcp !== 'string') this.#tcp = tcp;
    return [...missing('udp', udp), ...missing('tcp', tcp)];
  }

  #bindUdp({ address, port }: Place): Promise<UdpSocket | string> {
    const udp = createSocket('udp4');
    return new Promise((resolve) => {
      udp.once('error', (error: NodeJS.ErrnoException) => {
        udp.close();
        resolve(error.code ?? 'EUNKNOWN');
      });
      udp.bind({ address, port, exclusive: true }, () => {
        udp.removeAllListeners('error');
        udp.on('error', () => {});
        udp.on('message', (message, from) => this.datagram(message, from));
        resolve(udp);
      });
    });
  }

  async #bindTcp(place: Place): Promise<Server | string> {
    if (isSame(place, this.#claimed)) return this.#claimed!.server;
    const server = await bindTcp(place.address, place.port);
    if (typeof server !== 'string') this.#attend(server);
    return server;
  }

  #attend(server: Server): void {
    server.on('connection', (socket: Socket) => this.#serve(socket));
    server.on('error', () => {});
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([this.#leave(), closed(this.#claimed?.server)]);
  }

  async #leave(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    await Promise.all([closed(udp), tcp === this.#claimed?.server ? undefined : closed(tcp)]);
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
    if (reply !== undefined) this.#udp?.send(reply, from.port, from.address, () => {});
  }

  /** Messages with a two-byte length before each (RFC 1035 §4.2.2); several may come at once. */
  #serve(socket: Socket): void {
    this.#heard(socket);
    let held: Buffer = Buffer.alloc(0);
    socket.setTimeout(IDLE, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('drain', () => socket.resume());
    socket.on('data', (chunk: Buffer) => {
      this.#heard(socket);
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

  /** Where there are too many, the one that was silent longest makes room, so that nobody shuts the others out by silence. */
  #heard(socket: Socket): void {
    this.#connections.delete(socket);
    this.#connections.add(socket);
    const [silent] = this.#connections;
    if (this.#connections.size > MOST_CONNECTIONS) silent?.destroy();
  }
}

const isSame = (a: Place, b: Place | undefined) => a.address === b?.address && a.port === b.port;
const missing = (transport: Missing['transport'], bound: object | string): Missing[] =>
  typeof bound === 'string' ? [{ transport, why: bound }] : [];
const closed = (one: { close(then: () => void): unknown } | undefined) =>
  new Promise<void>((then) => (one === undefined ? then() : void one.close(then)));

function framed(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(2 + message.length);
  bytes.writeUInt16BE(message.length, 0);
  message.copy(bytes, 2);
  return bytes;
}
