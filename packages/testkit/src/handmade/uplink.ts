import { randomBytes } from 'node:crypto';
import { connect } from 'node:tls';

/** The uplink's frames, by hand: a type byte, a 24-bit big-endian length, the payload. */
const HEAD = 1;
const DATA = [2, 3];
const CLOSE = 6;

export interface UplinkAnswer {
  /** What the gateway's CLOSE said. */
  close?: { code: string; message: string; hint?: string };
  /** DATA that came before it, e.g. the protocol's own refusal. */
  data: Buffer;
  /** Of the TLS connection, where that failed. */
  error?: string;
}

export interface Dialled {
  host?: string;
  port: number;
  ca: string;
  key?: string;
  certificate?: string;
}

/** Opens an uplink, sends a HEAD for a flow, then `first` as DATA, and waits for the end. */
export function openFlow(
  to: Dialled,
  flow: { connection: string; port: number },
  first: Uint8Array = Buffer.alloc(0),
  limit = 5_000,
): Promise<UplinkAnswer> {
  const head = { kind: 'flow', flow: randomBytes(16).toString('hex'), epoch: 0, ...flow };
  const sent = [frame(HEAD, Buffer.from(JSON.stringify(head)))];
  if (first.length > 0) sent.push(frame(DATA[0]!, first));
  return sendRaw(to, Buffer.concat(sent), limit);
}

/** Any bytes on a fresh uplink; answers what came back until its end, or until `limit` milliseconds. */
export function sendRaw(to: Dialled, bytes: Uint8Array, limit = 5_000): Promise<UplinkAnswer> {
  const { host = '127.0.0.1', port, ca, key, certificate } = to;
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const socket = connect({
      host,
      port,
      ca,
      key,
      cert: certificate,
      servername: 'localhost',
      ALPNProtocols: ['hoop-tunnel/1'],
    });
    const end = (error?: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...answerOf(got), ...(error && { error }) });
    };
    const timer = setTimeout(() => end('silence'), limit);
    socket.once('secureConnect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (answerOf(got).close) end();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once('close', () => end());
  });
}

function frame(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.length);
  header[0] = type;
  return Buffer.concat([header, payload]);
}

function answerOf(bytes: Buffer): UplinkAnswer {
  const data: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const type = bytes[at]!;
    const length = bytes.readUIntBE(at + 1, 3);
    const payload = bytes.subarray(at + 4, at + 4 + length);
    if (payload.length < length) break;
    if (DATA.includes(type)) data.push(payload);
    if (type === CLOSE) return { data: Buffer.concat(data), close: JSON.parse(payload.toString('utf8')) };
    at += 4 + length;
  }
  return { data: Buffer.concat(data) };
}
