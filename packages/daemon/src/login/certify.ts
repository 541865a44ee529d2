import type { KeyObject } from 'node:crypto';
import type { Discovery, Issued } from '@hoop/contracts/gateway';
import { ApiError } from '@hoop/contracts/http';
import { discover, type GatewayApi } from './gateway.js';
import type { Grant } from './grant.js';
import { csrOf } from './key.js';

/** What a login is renewed with. */
export interface Renewable {
  loginId: string;
  key: KeyObject;
  grant: Grant;
}

/**
 * The next certificate of a login: discovery anew, since tunnel endpoints come from there alone, then a CSR by the login's
 * key with an ID token. A token that the gateway finds too old is replaced once.
 */
export async function certify(
  api: GatewayApi,
  gateway: URL,
  { loginId, key, grant }: Renewable,
): Promise<{ discovery: Discovery; issued: Issued }> {
  const discovery = await discover(api, gateway);
  const ask = async (idToken: string) =>
    byOurClock(api, await api.renew({ body: { loginId, csr: csrOf(key), idToken } }));
  const { token, fresh } = await grant.idToken(false);
  try {
    return { discovery, issued: await ask(token) };
  } catch (error) {
    if (fresh || !(error instanceof ApiError && error.status === 401)) throw error;
  }
  const { token: next } = await grant.idToken(true);
  return { discovery, issued: await ask(next) };
}

/** What the gateway has just issued, with its times by this machine's clock, which may be off. */
export function byOurClock(api: Pick<GatewayApi, 'ahead'>, issued: Issued): Issued {
  const ahead = api.ahead();
  return { ...issued, notAfter: issued.notAfter - ahead, leaseUntil: issued.leaseUntil - ahead };
}
