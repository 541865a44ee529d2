import { chmodSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { UserError } from '@hoop/core';
import type { Hono } from 'hono';

/** How often Node looks for requests that never end, milliseconds: each look wakes a daemon at rest, and only its owner can ask. */
const CHECK = 600_000;

/**
 * Takes the runtime folder's socket: one daemon a folder. A socket that nobody answers on was left by a daemon that died,
 * and is removed; it is moved aside first, so that of two daemons that start at once none removes the other's. Rejects with
 * `already-running` where one lives.
 */
export async function takeSocket(path: string): Promise<Server> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const server = createServer({
      keepAliveTimeout: 5_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: CHECK,
    });
    const failed = await listenOn(server, path);
    if (failed === undefined) return waiting(server);
    if (failed.code !== 'EADDRINUSE') throw failed;
    if (!(await removeStale(path))) break;
  }
  throw new UserError('already-running', `a daemon already runs on ${path}`, { hint: 'hoop status' });
}

/** False if it is alive. What is there but is no socket of ours is left alone. */
async function removeStale(path: string): Promise<boolean> {
  if (await answers(path)) return false;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return true;
  if (!found.isSocket()) throw new UserError('path-refused', `${path} is not a socket`, { hint: 'move it away' });
  const aside = `${path}.${process.pid}`;
  renameSync(path, aside);
  const alive = await answers(aside);
  if (alive) renameSync(aside, path);
  else rmSync(aside, { force: true });
  return !alive;
}

type Call = [request: IncomingMessage, response: ServerResponse];
/** Calls of those who came before hoopd had found its feet. */
const early = new WeakMap<Server, Call[]>();

function waiting(server: Server): Server {
  const calls: Call[] = [];
  early.set(server, calls);
  return server.on('request', (...call: Call) => calls.push(call));
}

export function serve(server: Server, app: Hono): void {
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.removeAllListeners('request').on('request', answer);
  for (const call of early.get(server)?.splice(0) ?? []) void answer(...call);
}

function listenOn(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    // The socket is created with the mode that this leaves; nobody else could reach it in its 0700 folder anyway.
    const mask = process.umask(0o177);
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error));
    server.listen(path, () => {
      chmodSync(path, 0o600);
      server.removeAllListeners('error');
      resolve(undefined);
    });
    process.umask(mask);
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => tell(true));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      tell(!['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '')),
    );
  });
}
