import { createServer as createHttp, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import * as oidc from 'openid-client';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browse, type Visitor } from '../src/browser/index.js';
import { CLIENT_ID, type Idp, remembered, STAFF, startIdp } from '../src/idp/index.js';
import { type Authority, newAuthority } from '../src/world/authority.js';

let authority: Authority;
let idp: Idp;
let client: oidc.Configuration;
const seen = remembered();
const visitor = (name: string): Visitor => {
  const person = STAFF.find((each) => each.name === name);
  return { login: name, password: person?.password ?? '', ca: authority.certificate };
};

beforeAll(async () => {
  authority = await newAuthority();
  idp = await startIdp({ leaf: await authority.issue(['localhost', '127.0.0.1']), witness: seen.witness });
  const dispatcher = new Agent({ connect: { ca: authority.certificate } });
  const trusting = (url: string, init: object) => fetch(url, { ...init, dispatcher });
  client = await oidc.discovery(new URL(idp.issuer), CLIENT_ID, undefined, oidc.None(), {
    [oidc.customFetch]: trusting as never,
  });
});
afterAll(() => idp?.close());

/** The loopback page that a login waits on. */
async function callback(): Promise<{ uri: string; arrived: Promise<URL>; close(): void }> {
  let arrive: (url: URL) => void = () => {};
  const arrived = new Promise<URL>((resolve) => {
    arrive = resolve;
  });
  const server: Server = createHttp((request, response) => {
    arrive(new URL(request.url ?? '/', `http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    response.end('you can close this page');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { uri: `http://127.0.0.1:${port}/callback`, arrived, close: () => server.close() };
}

async function login(name: string) {
  const page = await callback();
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: page.uri,
    scope: 'openid email groups offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const end = await browse(url.href, visitor(name));
  expect(end.html).toContain('you can close this page');
  const back = await page.arrived;
  page.close();
  return oidc.authorizationCodeGrant(client, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
  });
}

describe('the IdP', () => {
  test('code flow with PKCE: an ID token with email and groups, a refresh token', async () => {
    const tokens = await login('alice');
    expect(tokens.claims()).toMatchObject({
      sub: 'alice',
      email: 'alice@shop.example',
      groups: ['dba'],
      aud: CLIENT_ID,
    });
    expect(tokens.refresh_token).toBeTruthy();
    expect(seen.tokens.map((issued) => issued.refresh_token)).toContain(tokens.refresh_token);
    expect(seen.tokens.map((issued) => issued.id_token)).toContain(tokens.id_token);
  });

  test('a refresh token rotates; the old one used again ends the family', async () => {
    const first = await login('bob');
    const second = await oidc.refreshTokenGrant(client, first.refresh_token ?? '');
    expect(second.claims()).toMatchObject({ sub: 'bob', groups: ['developer'] });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    await expect(oidc.refreshTokenGrant(client, first.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(oidc.refreshTokenGrant(client, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('a revoked refresh token is no longer good', async () => {
    const tokens = await login('carol');
    await oidc.tokenRevocation(client, tokens.refresh_token ?? '');
    await expect(oidc.refreshTokenGrant(client, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('device flow', async () => {
    const device = await oidc.initiateDeviceAuthorization(client, { scope: 'openid email groups offline_access' });
    expect(device.interval).toBe(1);
    const end = await browse(device.verification_uri_complete ?? '', visitor('carol'));
    expect(end.html).toContain('You can close this page');
    const tokens = await oidc.pollDeviceAuthorizationGrant(client, device);
    expect(tokens.claims()).toMatchObject({ sub: 'carol', email: 'carol@shop.example', groups: ['security'] });
  });

  test('a code without PKCE, a foreign redirect, a wrong password get nowhere', async () => {
    const page = await callback();
    const bare = { redirect_uri: page.uri, scope: 'openid', state: 's', response_type: 'code' };
    const open = oidc.buildAuthorizationUrl(client, bare);
    await browse(open.href, visitor('alice'));
    expect((await page.arrived).searchParams.get('error')).toBe('invalid_request');
    page.close();
    const foreign = oidc.buildAuthorizationUrl(client, { ...bare, redirect_uri: 'http://127.0.0.1:1/elsewhere' });
    expect((await browse(foreign.href, visitor('alice'))).status).toBe(400);
    const challenge = await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier());
    const good = oidc.buildAuthorizationUrl(client, {
      ...bare,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const end = await browse(good.href, { ...visitor('alice'), password: 'wrong' });
    expect(end.html).toContain('Wrong name or password');
  });

  test('a port that is taken is an error, not a silence', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const leaf = await authority.issue(['localhost']);
    await expect(startIdp({ leaf, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    holder.close();
  });
});
