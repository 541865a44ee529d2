import { join } from 'node:path';
import { callerOf, mount } from '@hoop/contracts/http';
import { lateHandlers } from '../admin/late.js';
import { adminHandlers } from '../admin/operations.js';
import { ownData } from '../admin/socket.js';
import { adminApi } from '../admin/table.js';
import { app } from '../api/http.js';
import type { Config } from '../config/schema.js';
import { makeLog } from '../log.js';
import { HeadKeeper } from '../record/head-keeper.js';
import { openRecord } from '../record/open.js';
import { openStore, RECORD_FOLDER } from '../store/open.js';
import type { Admin } from './host.js';

/** An operator's command on a data folder that no gateway runs on: it takes effect, and is recorded, all the same. */
export async function onData<T>({ data }: Config, command: (admin: Admin) => Promise<T>): Promise<T> {
  const log = makeLog('silent');
  let handlers: ReturnType<typeof adminHandlers> | undefined;
  const owned = await ownData(
    data,
    log,
    lateHandlers(() => handlers),
  );
  try {
    const store = await openStore(data);
    const record = openRecord({ data, folder: join(data, RECORD_FOLDER), now: Date.now, head: await store.head() });
    handlers = adminHandlers({
      store,
      now: Date.now,
      audit: async (line) => record.append({ kind: 'audit', ...line }, 'disk'),
      revoke: () => 0,
      live: () => undefined,
    });
    try {
      return await command(direct(handlers, log));
    } finally {
      await new HeadKeeper(record, store, Date.now).close();
      await store.close();
    }
  } finally {
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
