import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { request as httpRequest, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Caller, callerOf, type Handlers, mount, type Send } from '@hoop/contracts/http';
import { UserError } from '@hoop/core';
import type { Logger } from 'pino';
import { app, httpServer } from '../api/http.js';
import { adminApi } from './table.js';

const PATIENCE = 10_000;
export const socketPath = (data: string) => join(data, 'gateway.sock');

/**
 * Takes the data folder: whoever listens on its socket owns it, so that no two write one record. Throws `UserError`
 * `running` if another does.
 */
export async function ownData(data: string, log: Logger, handlers: Handlers<typeof adminApi, null>): Promise<Server> {
  const path = socketPath(data);
  if (await answers(path))
    throw new UserError('running', `a gateway runs on ${data} already`, {
      hint: 'end it first, or give this one its own data folder',
    });
  if (existsSync(path)) unlinkSync(path);
  const server = httpServer(app(log, (it) => mount(it, adminApi, handlers, () => null)));
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(cannotOwn(path, cause)));
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return server;
}

function cannotOwn(path: string, cause: Error): UserError {
  const hint = path.length > 100 ? 'a socket path has at most 107 bytes: choose a shorter data folder' : undefined;
  return new UserError('data', `cannot make ${path}: ${cause.message}`, { hint, cause });
}

/** Whether a gateway answers there. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** The running gateway's admin API. */
export function adminCaller(data: string): Caller<typeof adminApi> {
  return callerOf(adminApi, sendTo(socketPath(data)));
}

function sendTo(path: string): Send {
  return ({ method, path: url, body }) =>
    new Promise((resolve, reject) => {
      const headers = { host: 'hoop-gateway', 'content-type': 'application/json' };
      const request = httpRequest({ socketPath: path, method, path: url, headers, timeout: PATIENCE }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: json(Buffer.concat(chunks)) }));
      });
      request.on('timeout', () => request.destroy(new Error('the gateway does not answer on its socket')));
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
