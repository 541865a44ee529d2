import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { ApiError, failureOf } from '@hoop/contracts/http';
import { HoopError } from '@hoop/core';
import { type Context, Hono } from 'hono';
import type { Logger } from 'pino';

const BODY = 128 * 1024;
/** Milliseconds: until a request's headers are in, until all of it is, and between two looks at that. */
const PATIENCE = { headers: 10_000, request: 30_000, check: 5_000 };

/** The socket behind a request. */
export function socketOf(context: Context): TLSSocket {
  return (context.env as { incoming: IncomingMessage }).incoming.socket as TLSSocket;
}

/** An app that says no in one shape only, and tells the log, never the caller, of our bugs. */
export function app(log: Logger, mounts: (app: Hono) => void): Hono {
  const it = new Hono();
  mounts(it);
  it.notFound((context) => context.json(failureOf(new HoopError('not-found', 'there is nothing here')), 404));
  it.onError((error, context) => {
    if (error instanceof ApiError) return context.json(failureOf(error), error.status as 400);
    log.error({ err: error, path: context.req.path }, 'a request failed');
    return context.json(failureOf(internal), 500);
  });
  return it;
}

/** An HTTP/1.1 server that listens on nothing itself: connections are handed to it. */
export function httpServer(it: Hono, patience = PATIENCE): Server {
  const handle = getRequestListener(it.fetch, { overrideGlobalObjects: false });
  const server = createServer({ connectionsCheckingInterval: patience.check }, (request, response) => {
    const status = refusedLength(request);
    if (status === undefined) return void handle(request, response);
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(failureOf(tooLarge)));
  });
  server.headersTimeout = patience.headers;
  server.requestTimeout = patience.request;
  server.keepAliveTimeout = 5_000;
  server.on('clientError', (_, socket) => socket.destroy());
  // Node looks at these times only from `listening` on, which a server that is handed its connections never is.
  server.emit('listening');
  return server;
}

/** A body says how long it is, and is short: then nothing has to be held to find out. */
function refusedLength({ headers }: IncomingMessage): 411 | 413 | undefined {
  if (headers['transfer-encoding'] !== undefined) return 411;
  return Number(headers['content-length'] ?? 0) > BODY ? 413 : undefined;
}

const tooLarge = new HoopError('too-large', `a request has at most ${BODY} bytes, and says how many`);
const internal = new HoopError('internal', 'the gateway failed; its log says why');
