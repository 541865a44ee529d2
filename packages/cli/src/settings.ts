import { readFileSync } from 'node:fs';
import { UserError } from '@hoop/core';
import { readOwn } from '@hoop/platform';
import { type Input, type Needs, text } from './command.js';

/** What a login needs to know: flag, else environment, else config file, else default (design §7). */
export interface Settings {
  gateway: string | undefined;
  /** PEM. */
  ca: string | undefined;
  caFingerprint: string | undefined;
  loginStore: 'keychain' | 'memory';
}

const KEYS = ['gateway', 'caFile', 'caFingerprint', 'loginStore'] as const;
type Config = Partial<Record<(typeof KEYS)[number], string>>;

export async function readSettings(needs: Needs, input: Input): Promise<Settings> {
  const config = await readConfig(needs.paths.configFile, needs.machine.uid);
  const given = text(input, 'caFile') !== undefined || text(input, 'caFingerprint') !== undefined;
  const caFile = text(input, 'caFile') ?? (given ? undefined : config.caFile);
  return {
    gateway: (input.arguments[0] as string | undefined) ?? (needs.variables.HOOP_GATEWAY || config.gateway),
    ca: caFile === undefined ? undefined : readRoots(caFile),
    caFingerprint: text(input, 'caFingerprint') ?? (given ? undefined : config.caFingerprint),
    loginStore: storeOf(text(input, 'loginStore') ?? config.loginStore ?? 'keychain'),
  };
}

/** `~/.config/hoop/config.yaml`, if there is one. A key that is not known has no effect, and is therefore refused. */
export async function readConfig(path: string, uid: number): Promise<Config> {
  const written = readOwn(path, uid);
  if (written === undefined) return {};
  const { parse } = await import('./yaml.js');
  const found = parsed(path, written, parse);
  for (const [key, value] of Object.entries(found)) {
    if (!(KEYS as readonly string[]).includes(key)) {
      throw bad(path, `\`${key}\` is not a key`, `known: ${KEYS.join(', ')}`);
    }
    if (typeof value !== 'string') throw bad(path, `\`${key}\` is not text`, 'write it as text');
  }
  return found as Config;
}

function parsed(path: string, written: string, parse: (text: string) => unknown): object {
  let found: unknown;
  try {
    found = parse(written);
  } catch (cause) {
    throw bad(path, `it is not YAML: ${(cause as Error).message.split('\n')[0]}`, 'mend or remove it');
  }
  if (found === null || found === undefined) return {};
  if (typeof found !== 'object' || Array.isArray(found))
    throw bad(path, 'it is not a map of keys', 'mend or remove it');
  return found;
}

const bad = (path: string, what: string, hint: string) =>
  new UserError('bad-config', `${path}: ${what}`, { hint, exit: 'usage' });

function readRoots(file: string): string {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new UserError('ca-file', `${file} cannot be read (${code})`, { hint: 'check --ca-file', cause });
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new UserError('ca-file', `${file} holds no certificate in PEM`, { hint: 'check --ca-file' });
}

function storeOf(name: string): 'keychain' | 'memory' {
  if (name === 'keychain' || name === 'memory') return name;
  throw new UserError('bad-config', `loginStore is neither keychain nor memory: ${name}`, { exit: 'usage' });
}
