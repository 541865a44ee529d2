import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Greeting } from '@hoop/core';

/** How a client's greeting ended. `stream` is paused, and `first` is what it said that belongs to the flow. */
export type Greeted =
  | { as: 'flow'; stream: Duplex; first: Buffer }
  /** Not this protocol: nothing of it may reach the gateway. */
  | { as: 'rejected'; why: string }
  /** It went away, or said nothing that could be taken for a beginning, in the time given. */
  | { as: 'gone' };

export interface LocalTls {
  context(): SecureContext;
  alpn: readonly string[];
}

export interface GreetOptions {
  greeting: Greeting;
  /** Absent where the listener has local TLS off. */
  tls?: LocalTls | undefined;
  /** Milliseconds that all of it may take: half a startup packet and then silence ends here. */
  deadline: number;
}

/** No greeting is longer; a client that claims more is no client of this protocol. */
const LONGEST = 65_536;

/** Answers the client's greeting here, without the gateway, up to the first bytes that belong to a flow. */
export async function greet(socket: Socket, options: GreetOptions): Promise<Greeted> {
  if (options.greeting.speaksFirst) return { as: 'flow', stream: socket, first: Buffer.alloc(0) };
  const expire = setTimeout(() => socket.destroy(), options.deadline);
  try {
    const plain = await talk(socket, options.greeting, 'none');
    if (plain.as !== 'tls') return plain;
    if (options.tls === undefined) return { as: 'rejected', why: 'TLS is off here' };
    const secure = await startTls(socket, plain.rest, options.tls);
    if (secure === 'gone') return { as: 'gone' };
    if (secure === 'other-protocol') return { as: 'rejected', why: 'direct TLS for another protocol' };
    if (plain.direct && options.tls.alpn.length > 0 && secure.alpnProtocol === false) {
      return { as: 'rejected', why: 'direct TLS without the protocol’s ALPN' };
    }
    const inner = await talk(secure, options.greeting, 'active');
    return inner.as === 'tls' ? { as: 'rejected', why: 'TLS inside TLS' } : inner;
  } finally {
    clearTimeout(expire);
  }
}

/** `direct`: the handshake came unasked. Then ALPN must say what it is for, as PostgreSQL wants it (ALPACA attacks). */
type Talked = Greeted | { as: 'tls'; rest: Buffer; direct: boolean };

function talk(stream: Duplex, greeting: Greeting, tls: 'none' | 'active'): Promise<Talked> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0);
    const settle = (talked: Talked) => {
      stream.pause();
      stream.off('data', read).off('end', gone).off('close', gone);
      resolve(talked);
    };
    const gone = () => settle({ as: 'gone' });
    const read = (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const looked = look(stream, held, greeting, tls);
      held = looked.held;
      if (looked.talked !== undefined) settle(looked.talked);
      else if (held.length > LONGEST) settle({ as: 'rejected', why: 'a greeting without an end' });
    };
    stream.on('error', () => {});
    stream.on('data', read).on('end', gone).on('close', gone);
    if (stream.destroyed) gone();
    else stream.resume();
  });
}

/** Takes as many steps as the bytes allow. */
function look(
  stream: Duplex,
  bytes: Buffer,
  greeting: Greeting,
  tls: 'none' | 'active',
): { held: Buffer; talked?: Talked } {
  let held = bytes;
  while (held.length > 0) {
    const step = greeting.look(held, tls);
    if (step.step === 'need') break;
    if (step.step === 'open') return { held, talked: { as: 'flow', stream, first: held } };
    if (step.step === 'reject') return { held, talked: { as: 'rejected', why: step.why } };
    const rest = held.subarray(step.consumed);
    if (step.step === 'tls') return { held, talked: upgrade(stream, step.consumed, step.bytes, rest) };
    if (step.consumed === 0) return { held, talked: { as: 'rejected', why: 'a greeting that does not advance' } };
    stream.write(step.bytes);
    held = rest;
  }
  return { held };
}

/**
 * Plaintext behind a request for TLS was put there by somebody else: whoever reads it as part of the encrypted
 * conversation has been injected into (CVE-2021-23214). Direct TLS consumes nothing: then the bytes are the handshake.
 */
function upgrade(stream: Duplex, consumed: number, answer: Uint8Array, rest: Buffer): Talked {
  if (consumed > 0 && rest.length > 0) return { as: 'rejected', why: 'bytes behind the request for TLS' };
  if (answer.length > 0) stream.write(answer);
  return { as: 'tls', rest, direct: consumed === 0 };
}

/** `other-protocol`: ALPN says that it is meant for something else, as a browser's `https:` does. */
function startTls(socket: Socket, rest: Buffer, tls: LocalTls): Promise<TLSSocket | 'other-protocol' | 'gone'> {
  if (rest.length > 0) socket.unshift(rest);
  return new Promise((resolve) => {
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: tls.context(),
      ALPNProtocols: [...tls.alpn],
    });
    const failed = (error?: NodeJS.ErrnoException | boolean) => {
      const isOther = error instanceof Error && error.code === 'ERR_SSL_NO_APPLICATION_PROTOCOL';
      socket.destroy();
      resolve(isOther ? 'other-protocol' : 'gone');
    };
    secure.once('error', failed).once('close', failed);
    secure.once('secure', () => {
      secure.off('close', failed).off('error', failed);
      secure.on('error', () => {});
      resolve(secure);
    });
  });
}
