import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Leaf } from '../world/authority.js';
import { interact } from './interaction.js';
import type { Witness } from './issued.js';
import { type Person, STAFF } from './people.js';
import { type Lifetimes, newProvider } from './provider.js';

export interface IdpOptions {
  /** For `localhost`. */
  leaf: Leaf;
  staff?: readonly Person[];
  /** 0 or absent: any free one. */
  port?: number;
  witness?: Witness;
  /** Told of each request for authorization: each is a page that a person is shown. */
  asked?: () => void;
  lifetimes?: Lifetimes;
}

/** An OpenID provider on 127.0.0.1 over HTTPS. */
export interface Idp {
  issuer: string;
  port: number;
  close(): Promise<void>;
}

export async function startIdp(options: IdpOptions): Promise<Idp> {
  const { leaf, staff = STAFF, witness = () => {}, asked = () => {} } = options;
  const server = createServer({ key: leaf.key, cert: leaf.certificate });
  const port = await listen(server, options.port ?? 0);
  const issuer = `https://localhost:${port}`;
  const provider = newProvider(issuer, staff, witness, options.lifetimes);
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/auth?')) asked();
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    interact(provider, staff, request, response).catch((error: unknown) => {
      // An interaction that has run out, or that another browser began.
      if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
      response.end(`${error instanceof Error ? error.message : 'bad request'}\n`);
    });
  });
  return { issuer, port, close: () => close(server) };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
