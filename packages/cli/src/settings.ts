import { readFileSync } from 'node:fs';
import { HoopError, UserError } from '@hoop/core';
import { DEFAULT_PROFILE, isProfileName, readOwn } from '@hoop/platform';
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
/** What stands at the top is for the profile `default`; below `profiles`, by name, what is for others. */
interface Configs extends Config {
  profiles?: Record<string, Config>;
}

/** Whose login it is. */
export interface Whose {
  profile: string;
  /** `HOOP_GATEWAY` was set for this one: one that a flag names is not logged in to the gateway of another. */
  isShells: boolean;
}

export async function readSettings(needs: Needs, input: Input, whose: Whose = USUAL): Promise<Settings> {
  const { profile, isShells } = whose;
  const { profiles, ...top } = await readConfig(needs.paths.configFile, needs.machine.uid);
  const config = profile === DEFAULT_PROFILE ? top : { loginStore: top.loginStore, ...profiles?.[profile] };
  const given = text(input, 'caFile') !== undefined || text(input, 'caFingerprint') !== undefined;
  const caFile = text(input, 'caFile') ?? (given ? undefined : config.caFile);
  return {
    gateway:
      (input.arguments[0] as string | undefined) ?? ((isShells && needs.variables.HOOP_GATEWAY) || config.gateway),
    ca: caFile === undefined ? undefined : readRoots(caFile),
    caFingerprint: text(input, 'caFingerprint') ?? (given ? undefined : config.caFingerprint),
    loginStore: storeOf(text(input, 'loginStore') ?? config.loginStore ?? 'keychain'),
  };
}

const USUAL: Whose = { profile: DEFAULT_PROFILE, isShells: true };

/** `~/.config/hoop/config.yaml`, if there is one. A key that is not known has no effect, and is therefore refused. */
export async function readConfig(path: string, uid: number): Promise<Configs> {
  const written = readWritten(path, uid);
  if (written === undefined) return {};
  const { parse } = await import('./yaml.js');
  const found = parsed(path, written, parse);
  const { profiles, ...top } = found as { profiles?: unknown };
  checkKeys(path, top, [...KEYS, 'profiles']);
  for (const [name, one] of Object.entries(mapOf(path, profiles, '`profiles` is'))) {
    if (!isProfileName(name)) throw bad(path, `\`${name}\` is not a profile's name`, 'e.g. acme');
    checkKeys(path, mapOf(path, one, `\`${name}\` is`), KEYS);
  }
  return found as Configs;
}

function readWritten(path: string, uid: number): string | undefined {
  try {
    return readOwn(path, uid);
  } catch (error) {
    if (error instanceof HoopError) throw error;
    throw bad(path, `it cannot be read (${(error as NodeJS.ErrnoException).code})`, `chmod u+r ${path}`);
  }
}

function checkKeys(path: string, found: object, known: readonly string[]): void {
  for (const [key, value] of Object.entries(found)) {
    if (!known.includes(key)) throw bad(path, `\`${key}\` is not a key`, `known: ${known.join(', ')}`);
    if (typeof value !== 'string') throw bad(path, `\`${key}\` is not text`, 'write it as text');
  }
}

function mapOf(path: string, found: unknown, what: string): object {
  if (found === null || found === undefined) return {};
  if (typeof found !== 'object' || Array.isArray(found))
    throw bad(path, `${what} not a map of keys`, 'mend or remove it');
  return found;
}

function parsed(path: string, written: string, parse: (text: string) => unknown): object {
  let found: unknown;
  try {
    found = parse(written);
  } catch (cause) {
    throw bad(path, `it is not YAML: ${(cause as Error).message.split('\n')[0]}`, 'mend or remove it');
  }
  return mapOf(path, found, 'it is');
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
