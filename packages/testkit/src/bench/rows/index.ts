import type { Row } from '../row.js';
import type { Stand } from '../stand.js';
import { connectFar, connectNear } from './connect.js';
import { controlled } from './controlled.js';
import { idle, revocation } from './idle.js';
import { rate } from './rate.js';
import { atRest, dns, ls } from './rest.js';
import { connections, tps } from './tps.js';

/**
 * What `--only` names, in the order in which they run: rest before anything was asked of the daemon; `revoke` ends the person that
 * all before it run as, and `connect-far` moves the gateway to a port that ends with it: who renews then would be led astray.
 */
export const ROWS: Record<string, (stand: Stand) => Promise<Row[]>> = {
  rest: atRest,
  connect: connectNear,
  tps,
  connections,
  rate,
  controlled,
  ls,
  dns,
  idle,
  revoke: revocation,
  'connect-far': connectFar,
};
