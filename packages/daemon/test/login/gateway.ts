import { createHash, createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { type Discovery, gatewayApi, type Issued } from '@hoop/contracts/gateway';
import { ApiError, mount } from '@hoop/contracts/http';
import type { Authority } from '@hoop/testkit';
import { Hono } from 'hono';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import forge from 'node-forge';
import { Agent, fetch } from 'undici';

/** A gateway that keeps the contract's word on logins: it verifies token, nonce and key, and signs. */
export interface SmallGateway {
  url: string;
  /** What it was asked, in order. */
  seen: { call: 'login' | 'renew' | 'logout'; idToken?: string; random?: string | null; serial?: string }[];
  /** Thrown by the next renewals, oldest first. */
  refusals: ApiError[];
  /** Milliseconds that a certificate lives. */
  life: number;
  /** Milliseconds that a login is honoured without news of it. */
  lease: number;
  /** Its clock. */
  now: () => number;
  close(): Promise<void>;
}
export interface SmallGatewayOptions {
  authority: Authority;
  issuer: string;
  clientId: string;
  scopes?: string[];
}

export async function startGateway({
  authority,
  issuer,
  clientId,
  scopes,
}: SmallGatewayOptions): Promise<SmallGateway> {
  const leaf = await authority.issue(['localhost', '127.0.0.1']);
  const logins = new Map<string, { spki: string; subject: string }>();
  const dispatcher = new Agent({ connect: { ca: authority.certificate } });
  const trusting = (url: string, init: object) => fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>;
  const keys = createRemoteJWKSet(new URL('/jwks', issuer), { [customFetch]: trusting });
  const server = createServer({
    key: leaf.key,
    cert: `${leaf.certificate}${authority.certificate}`,
    requestCert: true,
    ca: authority.certificate,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const claimsOf = async (idToken: string) => {
    try {
      return (await jwtVerify(idToken, keys, { issuer, audience: clientId })).payload;
    } catch (cause) {
      throw new ApiError(401, 'bad-token', 'the ID token is refused', { cause });
    }
  };
  const issue = (loginId: string, csr: string, claims: Record<string, unknown>): Issued => {
    const notAfter = gateway.now() + gateway.life;
    return {
      certificate: certify(authority, csr, notAfter),
      loginId,
      identity: { subject: String(claims.sub), email: String(claims.email), groups: claims.groups as string[] },
      notAfter,
      leaseUntil: gateway.now() + gateway.lease,
    };
  };
  const app = new Hono();
  mount(
    app,
    gatewayApi,
    {
      discovery: (): Discovery => ({
        ...{ version: 1, name: 'small', issuer, clientId, deviceFlow: true },
        scopes: scopes ?? ['openid', 'email', 'groups', 'offline_access'],
        tunnel: [{ host: 'localhost', port }],
      }),
      login: async ({ body: { csr, idToken, random } }) => {
        gateway.seen.push({ call: 'login', idToken, random });
        const claims = await claimsOf(idToken);
        const spki = spkiOf(csr);
        if (random !== null) {
          const bytes = Buffer.from(random, 'base64url');
          const nonce = createHash('sha256').update(spki).update(bytes).digest('base64url');
          if (claims.nonce !== nonce) throw new ApiError(401, 'bad-token', 'the nonce is not of this key');
        }
        const loginId = `login-${logins.size + 1}`;
        logins.set(loginId, { spki: spki.toString('base64'), subject: String(claims.sub) });
        return issue(loginId, csr, claims);
      },
      renew: async ({ body: { loginId, csr, idToken } }) => {
        gateway.seen.push({ call: 'renew', idToken });
        const refusal = gateway.refusals.shift();
        if (refusal !== undefined) throw refusal;
        const claims = await claimsOf(idToken);
        const known = logins.get(loginId);
        if (known?.spki !== spkiOf(csr).toString('base64')) throw new ApiError(401, 'login-required', 'another key');
        return issue(loginId, csr, claims);
      },
      logout: (_: unknown, serial: unknown) => {
        gateway.seen.push({ call: 'logout', serial: String(serial) });
        return { ended: true };
      },
      health: () => ({ status: 'ok' as const }),
      connections: () => [],
      controls: () => ({ guardrails: [], masks: [] }),
      explain: () => Promise.reject(new ApiError(404, 'none', 'none')),
      sessions: () => [],
      session: () => Promise.reject(new ApiError(404, 'none', 'none')),
    },
    (context) =>
      String(
        (context.env as { incoming: { socket: TLSSocket } }).incoming.socket.getPeerCertificate().serialNumber ?? '',
      ),
  );
  server.on('request', getRequestListener(app.fetch));
  const gateway: SmallGateway = {
    url: `https://localhost:${port}`,
    ...{ seen: [], refusals: [], life: 15 * 60_000, lease: 12 * 3_600_000, now: Date.now },
    close: async () => {
      server.closeAllConnections();
      await Promise.all([dispatcher.destroy(), new Promise((resolve) => server.close(resolve))]);
    },
  };
  return gateway;
}

function spkiOf(csr: string): Buffer {
  const parsed = forge.pki.certificationRequestFromPem(csr);
  if (!parsed.verify()) throw new ApiError(400, 'bad-csr', 'its signature is not by its key');
  const pem = forge.pki.publicKeyToPem(parsed.publicKey as forge.pki.PublicKey);
  return createPublicKey(pem).export({ type: 'spki', format: 'der' });
}

function certify(authority: Authority, csr: string, notAfter: number): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.certificationRequestFromPem(csr).publicKey as forge.pki.PublicKey;
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Math.max(notAfter, Date.now() + 60_000));
  certificate.setSubject([{ name: 'commonName', value: 'person' }]);
  certificate.setIssuer([
    { name: 'commonName', value: new X509Certificate(authority.certificate).subject.replace('CN=', '') },
  ]);
  const key = createPrivateKey(authority.key);
  const signer = {
    sign: () => {
      const { tbsCertificate } = certificate as unknown as { tbsCertificate: forge.asn1.Asn1 };
      return sign('sha256', Buffer.from(forge.asn1.toDer(tbsCertificate).getBytes(), 'binary'), key).toString('binary');
    },
  };
  certificate.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}
