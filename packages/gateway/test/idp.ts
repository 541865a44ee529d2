import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An identity provider as far as a gateway sees it: discovery, keys, and ID tokens of any kind, good and bad. */
export class Idp {
  readonly issuer: string;
  readonly #server: Server;
  readonly #key: CryptoKey;

  private constructor(server: Server, key: CryptoKey, issuer: string) {
    this.#server = server;
    this.#key = key;
    this.issuer = issuer;
  }

  static async start(): Promise<Idp> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    let issuer = '';
    const server = createServer((request, response) => {
      const known: Record<string, object> = {
        '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/jwks` },
        '/jwks': { keys: [jwk] },
      };
      const document = known[request.url ?? ''];
      response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new Idp(server, privateKey, issuer);
  }

  token(claims: JWTPayload, header: { alg?: string; kid?: string; key?: CryptoKey } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: this.issuer, aud: 'hoop', iat: now, exp: now + 300, ...claims };
    const { alg = 'RS256', kid = 'k1', key = this.#key } = header;
    return new SignJWT(all).setProtectedHeader({ alg, kid }).sign(key);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
