import { existsSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join, resolve } from 'node:path';
import { UserError } from '@hoop/core';
import { stringify } from 'yaml';
import { NAME } from '../config/names.js';
import { isHost } from '../config/schema.js';
import { Authority } from '../identity/authority.js';
import { fingerprint } from '../identity/certificates.js';
import { makeFolder } from '../store/make-folder.js';
import type { Terminal } from './render.js';

export interface InitOptions {
  dir: string;
  /** Taken from `dir`. */
  data: string;
  host: string[];
  listen: string;
  port: number;
  name: string;
}

/** Writes a gateway's folder: gateway.yaml, its CA, a server certificate. Replaces nothing. */
export async function init(options: InitOptions, { out, err }: Terminal): Promise<void> {
  const folder = resolve(options.dir);
  const file = join(folder, 'gateway.yaml');
  const ca = join(resolve(folder, options.data), 'ca');
  refuseUnusable(options);
  for (const path of [file, ca])
    if (existsSync(path))
      throw new UserError('exists', `${path} is there already`, {
        hint: 'choose another --dir, or --data; nothing was changed',
      });
  const [host = 'localhost'] = options.host;
  makeFolder(folder);
  const authority = await Authority.create(ca, options.name);
  await authority.server(options.host.length > 0 ? options.host : [host]);
  writeFileSync(file, example({ ...options, publicHost: host }), { mode: 0o600, flag: 'wx' });
  if (options.host.length === 0)
    err('without --host this gateway is called localhost: only this machine can dial it so');
  out(
    summary(
      file,
      join(ca, 'ca.pem'),
      fingerprint(authority.pem),
      `https://${isIPv6(host) ? `[${host}]` : host}:${options.port}`,
    ),
  );
}

/** What gateway.yaml would refuse later, before anything is written. */
function refuseUnusable({ name, host, listen }: InitOptions): void {
  const refused = (option: string, value: string, wanted: string) =>
    new UserError('usage', `--${option} ${JSON.stringify(value)} is not ${wanted}`, {
      hint: 'nothing was written',
      exit: 'usage',
    });
  if (!NAME.test(name)) throw refused('name', name, 'a name: lower-case letters, digits, inner hyphens');
  for (const each of host) if (!isHost(each)) throw refused('host', each, 'a host name or an IP address');
  if (!isHost(listen)) throw refused('listen', listen, 'an address of this machine');
}

/** Of the package of that name, whose service serves this file and no other (`installers/debian/hoop-gateway`). */
const SERVICE = {
  config: '/etc/hoop-gateway/gateway.yaml',
  unit: '/usr/lib/systemd/system/hoop-gateway.service',
};
/** What starts a gateway of this file. */
export const startOf = (file: string, exists: (path: string) => boolean = existsSync): string =>
  file === SERVICE.config && exists(SERVICE.unit)
    ? 'systemctl enable --now hoop-gateway'
    : `hoop-gateway serve --config ${file}`;

function summary(file: string, ca: string, print: string, url: string): string {
  return `wrote  ${file}
wrote  ${ca}, and beside it its key
CA     ${print}

Next:
  1. In that file, set idp (your identity provider), connections and roles.
  2. hoop-gateway check --config ${file}
  3. ${startOf(file)}
  4. On a laptop:
     hoop login ${url} --ca-fingerprint \\
       ${print}`;
}

function example(it: InitOptions & { publicHost: string }): string {
  return `# The configuration of this gateway. A key that is not known is refused: it would have no effect.
# Paths are taken from this file's folder. After a change: kill -HUP the gateway; a bad file is refused, the old one stays.

name: ${stringify(it.name).trim()}                 # shown to people who log in
listen: { host: ${JSON.stringify(it.listen)}, port: ${it.port} }   # one TLS port, for the API and the tunnel
publicHost: ${stringify(it.publicHost).trim()}         # the name that laptops dial
data: ${stringify(it.data).trim()}                  # CA, store and record; back it up
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
    # In place of user and password: a database role for each session, which is dropped when the session ends. Its
    # login needs, once, from a superuser:  create role hoop_minter login createrole password '...';
    #   grant app_engineer, app_reader to hoop_minter with admin option;     (hoop-gateway check tells what is missing)
    # credential:
    #   ephemeral:
    #     user: hoop_minter
    #     password: env:PG_PROD_MINTER
    #     roles:                # the first that is for a group of the person owns what the session makes
    #       - { groups: [engineering], role: app_engineer }
    #       - { groups: [engineering, support], role: app_reader }
    # record: output          # keep the rows that were shown, too
    description: the production database
    contact: security@example.com    # whom to ask for leave

# Who may do what. Everything else is denied. \`*\` stands for any part of a name.
roles:
  engineer: { groups: [engineering], see: ["*"], connect: [pg-prod] }
  auditor: { groups: [security] }    # may look at everyone's sessions; each look is itself recorded

# What may not run, by what a statement does; what cannot be understood is refused with them. Rules of your own come first:
# the first that holds decides; of several commands in one message, the strictest. hoop explain shows how a statement is read.
guardrails:
  packs:                      # each may be given connections and groups: { pack: server-files, connections: [pg-*] }
    - destructive-ddl         # DROP, TRUNCATE and what else removes for good
    - unbounded-writes        # UPDATE and DELETE that change every row
    - privilege-changes       # roles, grants, owners, row policies
    - server-files            # the server's files and programs, other servers
    - session-tampering       # settings that change the language or the actor
  # rules:
  #   - { name: scratch, relations: [scratch.*], then: observe }      # deny, hold, warn or observe
  #   - { name: payroll, relations: [hr.*], groups: [support], then: deny, hint: ask the people team }

# What may not be seen, traced through whatever a statement makes of it; other text is searched for what looks like it.
masks:
  packs:                      # each may be given connections and exempt: { pack: pii, exempt: [security] }
    - pii                     # columns and values: addresses, cards, accounts, phones, national ids
    - secrets                 # passwords, tokens, keys
  # columns:                  # of your own; they win over a pack's guess. way: redact, partial, hash, null or show
  #   - { columns: [public.customers.ssn], way: partial }
  # exempt: [security]        # groups that see all of it

# leaseMinutes: 60            # how long a login is honoured without news of it
# durability: all             # every statement waits for the disk, not only what may write
# drainSeconds: 10            # how long flows may go on when the gateway is told to end
# metrics: { listen: { host: 127.0.0.1, port: 9464 } }   # Prometheus
`;
}
