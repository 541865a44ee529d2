import type { Caller } from '@hoop/contracts/http';
import { adminCaller } from '../admin/client.js';
import { answers, socketPath } from '../admin/path.js';
import type { adminApi } from '../admin/table.js';
import type { Config } from '../config/schema.js';
import { actAsOwner } from '../store/owner.js';

export type Admin = Caller<typeof adminApi>;

/**
 * Runs an operator's command where it belongs: in the running gateway, or, when none runs, on its data folder, which is
 * owned meanwhile as a gateway would.
 */
export async function onHost<T>(config: Config, command: (admin: Admin) => Promise<T>): Promise<T> {
  actAsOwner(config.data);
  if (await answers(socketPath(config.data))) return command(adminCaller(config.data));
  const { onData } = await import('./data.js');
  return onData(config, command);
}
