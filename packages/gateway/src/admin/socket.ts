import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { type Handlers, mount } from '@hoop/contracts/http';
import { UserError } from '@hoop/core';
import type { Logger } from 'pino';
import { app, httpServer } from '../api/http.js';
import { answers, socketPath } from './path.js';
import { adminApi } from './table.js';

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
