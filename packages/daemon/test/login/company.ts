import { type Authority, browse, CLIENT_ID, type Idp, newAuthority, remembered, STAFF, startIdp } from '@hoop/testkit';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { LoginCredentials } from '../../src/login/login.js';
import { inBrowser, loggedIn, loginOn } from './bench.js';
import { type SmallGateway, startGateway } from './gateway.js';

/** The whole login against a real OpenID provider (oidc-provider), with a gateway that verifies what it is sent. */
export let authority: Authority;
export let idp: Idp;
export let gateway: SmallGateway;
export const granted = remembered();
const open: LoginCredentials[] = [];
export const kept = (...args: Parameters<typeof loginOn>) => {
  const login = loginOn(...args);
  open.push(login);
  return login;
};
export const visitor = (name: string) => {
  const person = STAFF.find((one) => one.name === name);
  return { login: name, password: person?.password ?? '', ca: authority.certificate };
};
export const startRequest = (more: object = {}) => ({
  ...{ gateway: gateway.url, ca: authority.certificate, flow: 'browser' as const, store: 'memory' as const },
  ...more,
});
export async function logIn(login: LoginCredentials, more: object = {}, name = 'alice') {
  await login.start(startRequest(more));
  const attempt = await inBrowser(login);
  const page = await browse(attempt.url ?? '', visitor(name));
  return { page, now: await loggedIn(login) };
}

/** In the place of the one there was. */
export async function anotherGateway(): Promise<void> {
  gateway = await startGateway({ authority, issuer: idp.issuer, clientId: CLIENT_ID });
}

/** Sets all of it up for the tests of a file. */
export function aCompany(): void {
  beforeAll(async () => {
    authority = await newAuthority();
    const leaf = await authority.issue(['localhost', '127.0.0.1']);
    idp = await startIdp({ leaf, witness: granted.witness });
  });
  afterAll(() => idp?.close());
  beforeEach(anotherGateway);
  afterEach(async () => {
    await Promise.all(open.splice(0).map((login) => login.close()));
    await gateway.close();
  });
}
