import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Who may come to a port that every user of the machine can reach. */
export interface Door {
  /** Asked before a byte is read. False: the connection is reset. */
  admits(socket: Socket): boolean;
  /** A request for another host, or with another state, was turned away. */
  refused(): void;
}

/**
 * The loopback end of the browser's way back (RFC 8252 §7.3): one random port of 127.0.0.1, one path, one use. Another user of the
 * machine, who can read the address that a browser was started with, is reset; a request
 * with a foreign Host, or without the state of this attempt, changes nothing. Pages are static and hold no script.
 */
export interface Callback {
  redirectUri: string;
  /** Resolves with the address the browser came back to, once, for this attempt's state. */
  came: Promise<URL>;
  /** Tells the person in the browser how it ended, and closes. */
  end(how: 'done' | 'failed'): void;
}

export async function listenForCallback(state: string, door: Door): Promise<Callback> {
  const { promise: came, resolve } = Promise.withResolvers<URL>();
  const { promise: ended, resolve: end } = Promise.withResolvers<'done' | 'failed'>();
  let used = false;
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000 }, (request, response) => {
    const { port } = server.address() as AddressInfo;
    const asked = lookAt(request, `127.0.0.1:${port}`, state);
    if (asked === 400 || asked === 421) door.refused();
    if (typeof asked === 'number') return page(response, asked, REFUSED[asked] ?? '');
    if (used) return page(response, 400, 'This login has been used. Look at the terminal.');
    used = true;
    resolve(asked);
    void ended.then((how) => page(response, how === 'done' ? 200 : 400, ENDED[how]));
  });
  server.on('connection', (socket: Socket) => door.admits(socket) || socket.resetAndDestroy());
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    came,
    end: (how) => {
      end(how);
      server.close();
      // The last page is on its way; what is still open after it holds nothing of ours.
      setTimeout(() => server.closeAllConnections(), 1_000).unref();
    },
  };
}

const ENDED = {
  done: 'You are logged in. You can close this page.',
  failed: 'The login did not succeed. The terminal says why.',
};
const REFUSED: Record<number, string> = {
  400: 'This is not the answer to a login that is under way here.',
  404: 'Nothing is here.',
  405: 'Nothing is here.',
  421: 'Nothing is here.',
};

/** The callback's address, or the HTTP status to refuse with. */
function lookAt(request: IncomingMessage, host: string, state: string): URL | number {
  if (request.headers.host !== host) return 421;
  if (request.method !== 'GET') return 405;
  const url = URL.parse(request.url ?? '', `http://${host}`);
  if (url === null || url.origin !== `http://${host}` || url.pathname !== '/callback') return 404;
  const given = url.searchParams.getAll('state');
  return given.length === 1 && same(given[0] ?? '', state) ? url : 400;
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  response.end(`<!doctype html><meta charset="utf-8"><title>hoop</title><h1>hoop</h1><p>${text}</p>\n`);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
}
