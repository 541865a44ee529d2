import type { Errand, Ran, SideScript, UpstreamLogin } from '@hoop/core';
import { Asking } from '../ask.js';
import { TERMINATE } from '../codec/build.js';
import { connect, type UpstreamGreeting } from '../connect.js';
import { compare } from './compare.js';
import { disown, drop } from './drop.js';
import type { Running } from './errand.js';
import { list } from './list.js';
import { mint } from './mint.js';
import { terminate } from './terminate.js';
import { lacking } from './try.js';

export interface AdministerOptions {
  login: UpstreamLogin | undefined;
  database: string;
  tls: 'verify-full' | 'disable';
}

/**
 * Names mean what the server says they mean, whatever someone has put into a schema (CVE-2018-1058); and no errand waits for
 * a lock for long: who waits for it would make others wait behind it.
 */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['application_name', 'hoop-gateway'],
  ['search_path', 'pg_catalog'],
  ['lock_timeout', '2s'],
  ['statement_timeout', '20s'],
  ['idle_in_transaction_session_timeout', '20s'],
  ['client_min_messages', 'error'],
]);

/** A connection beside the flows: logs in, then runs errands until there are no more. */
export function* administer({ login, database, tls }: AdministerOptions): SideScript {
  const dialled = yield* connect({ login, database, parameters: SETTINGS, tls });
  if (!dialled.ok) return dialled;
  const asking = new Asking((dialled.greeting as UpstreamGreeting).rest);
  let ran: Ran<unknown> | undefined;
  for (;;) {
    const errand = (yield { do: 'next', ran }) as Errand | null;
    if (errand === null) break;
    ran = yield* run(asking, errand);
  }
  yield { do: 'write', bytes: TERMINATE };
  return { ok: true, greeting: undefined };
}

function run(asking: Asking, errand: Errand): Running<unknown> {
  switch (errand.do) {
    case 'mint':
      return mint(asking, errand);
    case 'drop':
      return drop(asking, errand.roles);
    case 'disown':
      return disown(asking, errand.roles);
    case 'list':
      return list(asking, errand.prefix);
    case 'terminate':
      return terminate(asking, errand.backends);
    case 'compare':
      return compare(asking, errand.knowledge, errand.surely);
    case 'try':
      return lacking(asking, errand.roles);
  }
}
