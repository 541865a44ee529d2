import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '@hoop/core';
import { parseDocument } from 'yaml';
import { Config, type ConnectionConfig } from './schema.js';
import { tell } from './tell.js';

/** Reads gateway.yaml. Relative paths in it are taken from its own folder. Throws `UserError` `config`. */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  return resolvePaths(parseConfig(read(path), path), dirname(path));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES') throw cause;
    const hint = 'make one with: hoop-gateway init; or name another with --config';
    throw new UserError('config', `cannot read ${path}: ${code}`, { hint, cause });
  }
}

export function parseConfig(text: string, path: string): Config {
  const document = parseDocument(text, { uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) throw new UserError('config', `${path} is not YAML: ${broken.message.split('\n')[0]?.replace(/:$/, '')}`);
  const content: unknown = document.toJS();
  if (content === null) throw new UserError('config', `${path} is empty`, { hint: 'make one with: hoop-gateway init' });
  const result = Config.safeParse(content, { reportInput: true });
  if (result.success) return result.data;
  const told = result.error.issues.map(tell);
  const hints = told.flatMap((each) => each.hint ?? []);
  throw new UserError('config', `${path}: ${told.map((each) => each.message).join('; ')}`, { hint: hints[0] });
}

function resolvePaths(config: Config, folder: string): Config {
  const at = (path: string) => resolve(folder, path);
  const reference = (text: string) => (text.startsWith('file:') ? `file:${at(text.slice(5))}` : text);
  const connections = Object.entries(config.connections).map(([name, it]) => {
    const tls = it.tls.ca === undefined ? it.tls : { ...it.tls, ca: at(it.tls.ca) };
    const { password, credential } = it;
    return [
      name,
      { ...it, tls, credential: minting(credential, reference), ...(password && { password: reference(password) }) },
    ] as const;
  });
  return {
    ...config,
    data: at(config.data),
    ...(config.tls && { tls: { certificate: at(config.tls.certificate), key: at(config.tls.key) } }),
    idp: config.idp.ca === undefined ? config.idp : { ...config.idp, ca: at(config.idp.ca) },
    connections: Object.fromEntries(connections),
  };
}

function minting(
  credential: ConnectionConfig['credential'],
  reference: (text: string) => string,
): ConnectionConfig['credential'] {
  if (credential === 'static') return credential;
  const { password, ...it } = credential.ephemeral;
  return { ephemeral: { ...it, ...(password && { password: reference(password) }) } };
}
