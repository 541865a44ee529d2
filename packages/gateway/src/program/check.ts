import { connect } from 'node:net';
import { join } from 'node:path';
import { HoopError, UserError } from '@hoop/core';
import { Configured } from '../config/configured.js';
import { loadConfig } from '../config/load.js';
import { lookUp } from '../config/reference.js';
import type { Config } from '../config/schema.js';
import { Authority } from '../identity/authority.js';
import { Provider } from '../identity/provider.js';
import { serverCertificate } from '../identity/server-certificate.js';
import { type Terminal, table } from './render.js';

const PATIENCE = 5_000;

interface Step {
  what: string;
  run: () => Promise<string>;
}
interface Result {
  what: string;
  ok: boolean;
  detail: string;
  hint?: string;
}

/** Tries what `serve` will need, one line each. Throws if something fails, after all was tried. */
export async function check(
  options: { config: string; offline?: boolean; json?: boolean },
  io: Terminal,
): Promise<void> {
  const config = loadConfig(options.config);
  const steps = [...local(options.config, config), ...(options.offline ? [] : remote(config))];
  const results: Result[] = [];
  for (const step of steps) results.push(await attempt(step));
  if (options.json) io.out(JSON.stringify(results));
  else
    io.out(
      table(results.map((it) => [it.ok ? 'ok' : 'FAIL', it.what, it.hint ? `${it.detail} (${it.hint})` : it.detail])),
    );
  const failed = results.filter((it) => !it.ok).length;
  if (failed > 0) throw new UserError('check', `${failed} of ${results.length} checks failed`);
}

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
  const counts = `${Object.keys(connections).length} connections, ${Object.keys(roles).length} roles`;
  return [
    { what: 'config', run: async () => `${file}: ${counts}` },
    { what: 'ca', run: async () => opened(config) },
    ...Object.entries(connections).flatMap(([name, it]) => secret(name, it.password)),
    ...unreachable(config),
  ];
}

function secret(name: string, reference: string | undefined): Step[] {
  if (reference === undefined) return [];
  const run = async () => {
    await lookUp(reference);
    return reference;
  };
  return [{ what: `secret ${name}`, run }];
}

async function opened(config: Config): Promise<string> {
  await serverCertificate(config, Authority.open(join(config.data, 'ca')));
  return config.tls ? config.tls.certificate : join(config.data, 'ca');
}

/** A role whose pattern matches nothing is a typing error more often than not. */
function unreachable(config: Config): Step[] {
  const { policy } = new Configured(config);
  return Object.entries(config.roles).flatMap(([role, { groups, see, connect: open }]) => {
    if (see.length + open.length === 0) return [];
    const visible = policy.visible({ subject: '', email: '', groups });
    if (visible.length > 0) return [];
    const run = () => Promise.reject(new UserError('config', 'its patterns match no connection'));
    return [{ what: `role ${role}`, run }];
  });
}

function remote(config: Config): Step[] {
  const idp: Step = { what: 'idp', run: () => discovered(config) };
  const upstreams = Object.keys(config.connections).map((name) => ({
    what: `upstream ${name}`,
    run: () => reach(config, name),
  }));
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
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  });
  return `${host}:${port} answers`;
}
