import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { UserError } from '@hoop/core';
import type { Config } from '../config/schema.js';
import type { Authority } from './authority.js';

/** What the gateway shows of itself: the configured certificate, else its own CA's (with the CA, so that it can be pinned). */
export async function serverCertificate(config: Config, authority: Authority): Promise<{ cert: string; key: string }> {
  return config.tls ? readOwn(config.tls) : authority.server(hostsOf(config));
}

/** The names that the gateway is reached by; `listen.host` only if it is an address of its own. */
function hostsOf({ publicHost, listen }: Config): string[] {
  const own = isIP(listen.host) && !/^(0\.0\.0\.0|::)$/.test(listen.host) ? [listen.host] : [];
  return [...new Set([publicHost, ...own])];
}

function readOwn(tls: { certificate: string; key: string }): { cert: string; key: string } {
  const cert = read('tls.certificate', tls.certificate);
  const key = read('tls.key', tls.key);
  const matches = attempt(() => new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)));
  if (matches === undefined) throw new UserError('config', 'tls: the certificate or its key is not PEM');
  if (!matches) throw new UserError('config', 'tls: the key is not the one of the certificate');
  return { cert, key };
}

function read(where: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UserError('config', `${where}: cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
