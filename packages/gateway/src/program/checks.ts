import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { HoopError, UserError, whyUnreached } from '@hoop/core';
import { Configured } from '../config/configured.js';
import { lookUp } from '../config/reference.js';
import type { Config, ConnectionConfig } from '../config/schema.js';
import { Authority } from '../identity/authority.js';
import { Provider } from '../identity/provider.js';
import { serverCertificate } from '../identity/server-certificate.js';
import { controlFaults, controlledConnections } from './controlled.js';
import { mintable } from './credentials.js';
import { counted } from './render.js';
import { roleFaults } from './roles.js';

const PATIENCE = 5_000;

interface Step {
  what: string;
  run: () => Promise<string>;
}

/** What came of trying one thing that `serve` needs. */
export interface Result {
  what: string;
  ok: boolean;
  detail: string;
  hint?: string;
}

/** Tries all of it, one after the other; `offline`: only what needs no network. */
export async function checked(file: string, config: Config, { offline }: { offline: boolean }): Promise<Result[]> {
  const steps = [...local(file, config), ...(offline ? [] : remote(config))];
  const results: Result[] = [];
  for (const step of steps) results.push(await attempt(step));
  return results;
}

export const failed = (results: readonly Result[]) => results.filter((it) => !it.ok);

async function attempt({ what, run }: Step): Promise<Result> {
  try {
    return { what, ok: true, detail: await run() };
  } catch (error) {
    const { message, hint } = error as HoopError;
    return { what, ok: false, detail: message, ...(error instanceof HoopError && hint !== undefined && { hint }) };
  }
}

function local(file: string, config: Config): Step[] {
  const { connections, roles } = config;
  const counts = [
    counted(Object.keys(connections).length, 'connection'),
    counted(Object.keys(roles).length, 'role'),
  ].join(', ');
  return [
    { what: 'config', run: async () => `${file}: ${counts}` },
    { what: 'ca', run: async () => opened(config) },
    ...Object.entries(connections).flatMap(([name, it]) => secret(name, passwordOf(it))),
    ...roleFaults(config).map(({ role, ...fault }) => ({
      what: `role ${role}`,
      run: () => Promise.reject(told(fault)),
    })),
    ...controlFaults(config).map(({ what, ...fault }) => ({ what, run: () => Promise.reject(told(fault)) })),
    ...controlledConnections(config).map(({ connection, controls, fault }) => ({
      what: `controls ${connection}`,
      run: () => (fault === undefined ? Promise.resolve(controls) : Promise.reject(fault)),
    })),
  ];
}

const passwordOf = ({ password, credential }: ConnectionConfig) =>
  credential === 'static' ? password : credential.ephemeral.password;

const told = ({ message, hint }: { message: string; hint?: string | undefined }) =>
  new UserError('config', message, { hint });

function secret(name: string, reference: string | undefined): Step[] {
  if (reference === undefined) return [];
  const run = async () => {
    await lookUp(reference);
    return `${reference}${isOpen(reference) ? ', which everybody on this machine may read' : ''}`;
  };
  return [{ what: `secret ${name}`, run }];
}

const isOpen = (reference: string): boolean =>
  reference.startsWith('file:') && (statSync(reference.slice('file:'.length)).mode & 0o004) !== 0;

async function opened(config: Config): Promise<string> {
  await serverCertificate(config, Authority.open(join(config.data, 'ca')));
  return config.tls ? config.tls.certificate : join(config.data, 'ca');
}

function remote(config: Config): Step[] {
  const idp: Step = { what: 'idp', run: () => discovered(config) };
  const upstreams = Object.entries(config.connections).flatMap(([name, { credential }]) => [
    { what: `upstream ${name}`, run: () => reach(config, name) },
    ...(credential === 'static'
      ? []
      : [{ what: `credential ${name}`, run: () => mintable(new Configured(config).upstream(name)) }]),
  ]);
  return [idp, ...upstreams];
}

async function discovered(config: Config): Promise<string> {
  const provider = new Provider(config.idp);
  try {
    return (await provider.discover()).issuer;
  } finally {
    await provider.close();
  }
}

/** TCP only: what a server says before TLS is its protocol's, which the gateway does not know. */
async function reach(config: Config, name: string): Promise<string> {
  const { host, port } = new Configured(config).upstream(name);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, timeout: PATIENCE });
    const fail = (why: string) => {
      socket.destroy();
      reject(new UserError('upstream', `${host}:${port}: ${why}`));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      fail(whyUnreached(error.code ?? '') ?? error.code ?? error.message),
    );
  });
  return `${host}:${port} answers`;
}
