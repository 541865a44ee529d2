import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '@hoop/core';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { keysAt } from './keys.js';
import { nearest } from './nearest.js';
import { Config } from './schema.js';

/** Reads gateway.yaml. Relative paths in it are taken from its own folder. Throws `UserError` `config`. */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  return resolvePaths(parseConfig(read(path), path), dirname(path));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const hint = 'make one with: hoop-gateway init; or name another with --config';
    throw new UserError('config', `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { hint, cause });
  }
}

export function parseConfig(text: string, path: string): Config {
  const document = parseDocument(text, { uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) throw new UserError('config', `${path} is not YAML: ${broken.message.split('\n')[0]}`);
  const result = Config.safeParse(document.toJS());
  if (result.success) return result.data;
  const told = result.error.issues.map(tell);
  const hints = told.flatMap((each) => each.hint ?? []);
  throw new UserError('config', `${path}: ${told.map((each) => each.message).join('; ')}`, { hint: hints[0] });
}

/** One sentence for an issue: where, what, and the key that was probably meant. */
function tell(issue: z.core.$ZodIssue): { message: string; hint?: string } {
  const where = issue.path.join('.') || 'the file';
  if (issue.code !== 'unrecognized_keys') return { message: `${where}: ${issue.message}` };
  const key = issue.keys[0] ?? '';
  const at = [...issue.path, key].join('.');
  const known = keysAt(Config, issue.path);
  const meant = nearest(key, known);
  const hint = meant ? `did you mean ${meant}?` : `known here: ${known.join(', ')}`;
  return { message: `unknown key ${at}: it would have no effect`, hint };
}

function resolvePaths(config: Config, folder: string): Config {
  const at = (path: string) => resolve(folder, path);
  const reference = (text: string) => (text.startsWith('file:') ? `file:${at(text.slice(5))}` : text);
  const connections = Object.entries(config.connections).map(([name, it]) => {
    const tls = it.tls.ca === undefined ? it.tls : { ...it.tls, ca: at(it.tls.ca) };
    return [name, { ...it, tls, ...(it.password && { password: reference(it.password) }) }] as const;
  });
  return {
    ...config,
    data: at(config.data),
    ...(config.tls && { tls: { certificate: at(config.tls.certificate), key: at(config.tls.key) } }),
    idp: config.idp.ca === undefined ? config.idp : { ...config.idp, ca: at(config.idp.ca) },
    connections: Object.fromEntries(connections),
  };
}
