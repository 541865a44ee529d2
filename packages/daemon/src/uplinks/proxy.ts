import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { HoopError } from '@hoop/core';

export interface Target {
  host: string;
  port: number;
}

/** The proxy for `target` by HTTPS_PROXY and NO_PROXY (lower case wins, as in curl), or undefined for a direct way. */
export function proxyFor(target: Target, variables: Readonly<Record<string, string | undefined>>): URL | undefined {
  const address = variables.https_proxy || variables.HTTPS_PROXY;
  if (!address || isExcepted(target, variables.no_proxy || variables.NO_PROXY || '')) return undefined;
  try {
    const url = new URL(address.includes('://') ? address : `http://${address}`);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Loopback never goes through a proxy. */
function isExcepted({ host, port }: Target, list: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name === '::1' || /^127\./.test(name)) return true;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      const [, suffix = '', wanted] = /^\*?\.?([^:]+)(?::(\d+))?$/.exec(entry) ?? [];
      if (entry === '*') return true;
      const matches = suffix !== '' && (name === suffix || name.endsWith(`.${suffix}`));
      return matches && (wanted === undefined || Number(wanted) === port);
    });
}

/** A TCP connection to `target`, through the proxy by CONNECT (RFC 9110 §9.3.6) where there is one. */
export async function connectTo(target: Target, proxy: URL | undefined, signal: AbortSignal): Promise<Duplex> {
  if (proxy === undefined) return opened(net.connect({ ...target, noDelay: true }), 'connect', signal);
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const port = Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80);
  const socket =
    proxy.protocol === 'https:'
      ? await opened(tls.connect({ host, port, servername: host }), 'secureConnect', signal)
      : await opened(net.connect({ host, port, noDelay: true }), 'connect', signal);
  return tunnelled(socket, target, proxy, signal);
}

function opened<S extends net.Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(new HoopError('timeout', 'no answer in time'));
    const done = () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failed);
      resolve(socket);
    };
    const failed = (error: Error) => {
      signal.removeEventListener('abort', abort);
      reject(error);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', failed);
    socket.once(event, done);
    if (signal.aborted) abort();
  });
}

const LONGEST_ANSWER = 16_384;

function tunnelled(socket: net.Socket, target: Target, proxy: URL, signal: AbortSignal): Promise<net.Socket> {
  const authority = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    proxy.username === '' ? '' : `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n`;
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const settle = (error?: Error) => {
      signal.removeEventListener('abort', late);
      socket.off('data', read).off('error', settle).off('end', ended);
      if (error === undefined) return resolve(socket);
      socket.destroy();
      reject(error);
    };
    const late = () => settle(new HoopError('timeout', 'the proxy did not answer in time'));
    const ended = () => settle(new HoopError('proxy', 'the proxy closed the connection'));
    const read = (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) return answer.length > LONGEST_ANSWER ? settle(new HoopError('proxy', 'no HTTP answer')) : undefined;
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer.toString('latin1', 0, 32))?.[1]);
      if (status < 200 || status > 299 || Number.isNaN(status)) {
        return settle(new HoopError('proxy', `the proxy refused the way to ${authority}, status ${status}`));
      }
      socket.pause();
      if (answer.length > end + 4) socket.unshift(answer.subarray(end + 4));
      settle();
    };
    signal.addEventListener('abort', late, { once: true });
    socket.on('data', read).on('error', settle).on('end', ended);
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
  });
}
