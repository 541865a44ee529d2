import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '@hoop/core';
import { NAME } from '../config/schema.js';
import { Authority } from '../identity/authority.js';
import { fingerprint } from '../identity/certificates.js';
import type { Terminal } from './render.js';

export interface InitOptions {
  dir: string;
  host: string[];
  listen: string;
  port: number;
  name: string;
}

/** Writes a gateway's folder: gateway.yaml, its CA, a server certificate. Replaces nothing. */
export async function init(options: InitOptions, { out }: Terminal): Promise<void> {
  const folder = resolve(options.dir);
  const file = join(folder, 'gateway.yaml');
  const ca = join(folder, 'data', 'ca');
  if (!NAME.test(options.name))
    throw new UserError('usage', `${options.name} is no name: lower-case letters, digits, inner hyphens`);
  for (const path of [file, ca])
    if (existsSync(path))
      throw new UserError('exists', `${path} is there already`, { hint: 'choose another --dir; nothing was changed' });
  const [host = 'localhost'] = options.host;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = await Authority.create(ca, options.name);
  await authority.server(options.host.length > 0 ? options.host : [host]);
  writeFileSync(file, example({ ...options, publicHost: host }), { mode: 0o600, flag: 'wx' });
  out(summary(file, join(ca, 'ca.pem'), fingerprint(authority.pem), `https://${host}:${options.port}`));
}

function summary(file: string, ca: string, print: string, url: string): string {
  return `wrote  ${file}
wrote  ${ca}  (and its key, for the gateway alone)
CA     ${print}

Next:
  1. In ${file}, set idp (your identity provider), connections and roles.
  2. hoop-gateway check --config ${file}
  3. hoop-gateway serve --config ${file}
  4. On a laptop: hoop login ${url} --ca-fingerprint ${print}`;
}

function example(it: { name: string; publicHost: string; listen: string; port: number }): string {
  return `# The configuration of this gateway. A key that is not known is refused: it would have no effect.
# Paths are taken from this file's folder. After a change: kill -HUP the gateway; a bad file is refused, the old one stays.

name: ${it.name}                 # shown to people who log in
listen: { host: ${JSON.stringify(it.listen)}, port: ${it.port} }   # one TLS port, for the API and the tunnel
publicHost: ${it.publicHost}         # the name that laptops dial
data: ./data                  # CA, store and record; back it up
# tls: { certificate: ./server.pem, key: ./server.key }   # one that laptops trust already, in place of the CA's own

# Who people are: any OpenID Connect provider. Register a public (native) client
# with the redirect URI http://127.0.0.1/callback (any port).
idp:
  issuer: https://idp.example.com
  clientId: hoop
  # groupsClaim: groups       # the ID token's claim with the names that roles refer to
  # emailClaim: email
  # deviceFlow: true          # for machines without a browser
  # ca: ./company-ca.pem      # if the provider's certificate is of a CA of your own

# What can be reached, by the name people will use: psql -h pg-prod.hoop
# tls.mode disable, for a server without TLS, is said out loud; verify-full is what you get otherwise.
connections:
  pg-prod:
    protocol: postgres
    host: db.internal
    port: 5432
    databases: [app]          # the first is the default
    user: app                 # the database user that the gateway logs in as ...
    password: env:PG_PROD_PASSWORD   # ... and its password, by reference: env:NAME or file:/path
    tls: { mode: verify-full }       # ca: ./db-ca.pem for a CA of your own
    # record: output          # keep the rows that were shown, too
    description: the production database
    contact: security@example.com    # whom to ask for leave

# Who may do what. Everything else is denied. \`*\` stands for any part of a name.
roles:
  engineer: { groups: [engineering], see: ["*"], connect: [pg-prod] }
  auditor: { groups: [security] }    # may look at everyone's sessions; each look is itself recorded

# leaseMinutes: 60            # how long a login is honoured without news of it
# durability: all             # every statement waits for the disk, not only what may write
# drainSeconds: 10            # how long flows may go on when the gateway is told to end
# metrics: { listen: { host: 127.0.0.1, port: 9464 } }   # Prometheus
`;
}
