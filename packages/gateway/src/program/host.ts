import { join } from 'node:path';
import type { Caller } from '@hoop/contracts/http';
import { callerOf, mount } from '@hoop/contracts/http';
import { adminHandlers } from '../admin/operations.js';
import { adminCaller, answers, ownData, socketPath } from '../admin/socket.js';
import { adminApi } from '../admin/table.js';
import { app } from '../api/http.js';
import type { Config } from '../config/schema.js';
import { makeLog } from '../log.js';
import { openRecord } from '../record/open.js';
import { openStore, RECORD_FOLDER } from '../store/open.js';

type Admin = Caller<typeof adminApi>;

/**
 * Runs an operator's command where it belongs: in the running gateway, or, when none runs, on its data folder, which is
 * owned meanwhile as a gateway would.
 */
export async function onHost<T>(config: Config, command: (admin: Admin) => Promise<T>): Promise<T> {
  if (await answers(socketPath(config.data))) return command(adminCaller(config.data));
  const log = makeLog('silent');
  const store = await openStore(config.data);
  const folder = join(config.data, RECORD_FOLDER);
  const record = openRecord({ data: config.data, folder, now: Date.now, head: await store.head() });
  const handlers = adminHandlers({
    store,
    now: Date.now,
    audit: (line) => record.append({ kind: 'audit', ...line }, 'disk'),
    revoke: () => 0,
    live: () => undefined,
  });
  const owned = await ownData(config.data, log, handlers);
  try {
    return await command(direct(handlers, log));
  } finally {
    const { segment, entry, hash } = await record.close();
    await store.setHead({ segment, entry, hash, at: Date.now() });
    await store.close();
    owned.close();
  }
}

/** The same API without a socket between. */
function direct(handlers: ReturnType<typeof adminHandlers>, log: ReturnType<typeof makeLog>): Admin {
  const it = app(log, (hono) => mount(hono, adminApi, handlers, () => null));
  return callerOf(adminApi, async ({ method, path, body }) => {
    const init = { method, headers: { 'content-type': 'application/json' } };
    const response = await it.request(path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  });
}
