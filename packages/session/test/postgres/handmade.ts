import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';

/** PostgreSQL's messages written and read by hand, apart from the codec under test: what a driver's socket sees. */

const i16 = (value: number): Buffer => Buffer.from([(value >> 8) & 255, value & 255]);
export const i32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};
const z = (value: string): Buffer => Buffer.from(`${value}\0`);
export function frame(type: string, ...fields: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(fields.map((field) => Buffer.from(field)));
  return Buffer.concat([Buffer.from(type), i32(body.length + 4), body]);
}

/** A parameter's value: a string as text, a Buffer as binary, null as NULL. */
export type Value = string | Buffer | null;
export const query = (text: string) => frame('Q', z(text));
export const parse = (name: string, text: string, types: readonly number[] = []) =>
  frame('P', z(name), z(text), i16(types.length), ...types.map(i32));
export const bind = (portal: string, statement: string, values: readonly Value[] = [], format = 0) =>
  frame(
    'B',
    z(portal),
    z(statement),
    i16(values.length),
    ...values.map((value) => i16(Buffer.isBuffer(value) ? 1 : 0)),
    i16(values.length),
    ...values.flatMap((value) => (value === null ? [i32(-1)] : [i32(Buffer.byteLength(value)), Buffer.from(value)])),
    i16(1),
    i16(format),
  );
export const describe = (kind: 'S' | 'P', name: string) => frame('D', kind, z(name));
export const execute = (portal: string, most = 0) => frame('E', z(portal), i32(most));
export const close = (kind: 'S' | 'P', name: string) => frame('C', kind, z(name));
export const SYNC = frame('S');
export const FLUSH = frame('H');
export const TERMINATE = frame('X');
export const copyData = (text: string) => frame('d', text);
export const COPY_DONE = frame('c');
export const copyFail = (why: string) => frame('f', z(why));
/** A FunctionCall with binary arguments and result. */
export const functionCall = (oid: number, ...values: Buffer[]) =>
  frame(
    'F',
    i32(oid),
    i16(1),
    i16(1),
    i16(values.length),
    ...values.flatMap((value) => [i32(value.length), value]),
    i16(1),
  );
export const startup = (parameters: Record<string, string>, minor = 0) =>
  frame('', i32(196608 + minor), ...Object.entries(parameters).flatMap(([name, value]) => [z(name), z(value)]), '\0');
export const cancelRequest = (process: number, secret: Buffer) => frame('', i32(80877102), i32(process), secret);

export interface Said {
  type: string;
  body: Buffer;
}

export interface HandmadeOptions {
  port: number;
  parameters: Record<string, string>;
  minor?: number;
  /** Direct TLS with this ALPN name, trusting any certificate. */
  directTls?: string;
}

/** One conversation, held by hand. */
export class Handmade {
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);
  readonly #said: Said[] = [];
  #wake: () => void = () => {};
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#cut(chunk as Buffer));
    socket
      .on('error', () => {})
      .on('close', () => {
        this.#ended = true;
        this.#wake();
      });
  }

  /** Connects and sends the startup packet; what is said to it is still to be read. */
  static async open({ port, parameters, minor = 0, directTls }: HandmadeOptions): Promise<Handmade> {
    const socket =
      directTls === undefined
        ? connect(port, '127.0.0.1')
        : tlsConnect({
            port,
            host: '127.0.0.1',
            rejectUnauthorized: false,
            ...(directTls === '' ? {} : { ALPNProtocols: [directTls] }),
          });
    await once(socket, directTls === undefined ? 'connect' : 'secureConnect');
    socket.setNoDelay(true);
    const client = new Handmade(socket);
    client.send(startup(parameters, minor));
    return client;
  }

  send(...frames: Buffer[]): void {
    this.#socket.write(Buffer.concat(frames));
  }
  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }

  /** The next message; undefined at the end. */
  async next(): Promise<Said | undefined> {
    while (this.#said.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#said.shift();
  }

  /** What is said up to and with a message of this type (or the end), `count` times. */
  async until(type: string, count = 1): Promise<Said[]> {
    const said: Said[] = [];
    for (let left = count; left > 0; ) {
      const one = await this.next();
      if (one === undefined) return said;
      said.push(one);
      if (one.type === type) left -= 1;
    }
    return said;
  }

  /** Sends and reads up to as many ReadyForQuery. */
  async ask(frames: readonly Buffer[], readies = 1): Promise<Said[]> {
    this.send(...frames);
    return this.until('Z', readies);
  }

  end(): void {
    this.#socket.end(TERMINATE);
  }
  /** Says no more, and still listens. */
  halfClose(): void {
    this.#socket.end();
  }
  /** Goes without a word. */
  leave(): void {
    this.#socket.destroy();
  }

  #cut(chunk: Buffer): void {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const length = rest.readInt32BE(1) + 1;
      this.#said.push({ type: String.fromCharCode(rest[0] as number), body: Buffer.from(rest.subarray(5, length)) });
      rest = rest.subarray(length);
    }
    this.#rest = Buffer.from(rest);
    this.#wake();
  }
}

/** The fields of an ErrorResponse or NoticeResponse, by their letter. */
export function fieldsOf(said: Said | undefined): Record<string, string> {
  const fields = (said?.body.toString('utf8') ?? '').split('\0').filter((field) => field !== '');
  return Object.fromEntries(fields.map((field) => [field[0] as string, field.slice(1)]));
}

export const typesOf = (said: readonly Said[]): string => said.map(({ type }) => type).join('');

/** What a BackendKeyData holds. */
export function keyOf(said: readonly Said[]): { process: number; secret: Buffer } {
  const body = said.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(4);
  return { process: body.readInt32BE(0), secret: body.subarray(4) };
}
