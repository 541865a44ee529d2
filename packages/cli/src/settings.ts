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

/** As the login takes it, too: openssl writes it with colons. */
const FINGERPRINT = /^(sha256:)?([0-9a-f]{2}:?){32}$/i;
const KEYS = ['gateway', 'caFile', 'caFingerprint', 'loginStore'] as const;
type Config = Partial<Record<(typeof KEYS)[number], string>>;
/** What stands at the top is for the profile `default`; below `profiles`, by name, what is for others. */
export interface Configs extends Config {
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
  const caFile = text(input, 'caFile');
  const ca = caFile !== undefined ? readRoots(caFile) : given ? undefined : configuredRoots(config, needs);
  return {
    gateway:
      (input.arguments[0] as string | undefined) ?? ((isShells && needs.variables.HOOP_GATEWAY) || config.gateway),
    ca,
    caFingerprint: text(input, 'caFingerprint') ?? (given ? undefined : config.caFingerprint),
    loginStore: storeOf(text(input, 'loginStore') ?? config.loginStore ?? 'keychain'),
  };
}

const USUAL: Whose = { profile: DEFAULT_PROFILE, isShells: true };

/** `~/.config/hoop/config.yaml`, if there is one. A key that is not known has no effect, and is therefore refused. */
export async function readConfig(path: string, uid: number): Promise<Configs> {
  const written = readWritten(path, uid);
  if (written === undefined) return {};
  const { parse, lineOf } = await import('./yaml.js');
  const found = mapOf(parsed(path, written, parse), 'it is', (what, hint) => bad(path, what, hint));
  const wrong: Wrong = (what, hint, ...keys) => bad(`${path}:${lineOf(written, keys)}`, what, hint);
  checkConfigs(found, wrong);
  return found as Configs;
}

/** What the configuration, or a part of it, counts for nothing for, as a problem of the state; undefined: nothing. */
export async function configTrouble(needs: Pick<Needs, 'paths' | 'machine'>): Promise<Trouble | undefined> {
  try {
    const { profiles = {}, ...top } = await readConfig(needs.paths.configFile, needs.machine.uid);
    for (const config of [top, ...Object.values(profiles)]) configuredRoots(config, needs);
    return undefined;
  } catch (error) {
    const { code, message, hint } = error as HoopError;
    return { code, message, hint };
  }
}
export type Trouble = Pick<HoopError, 'code' | 'message'> & { hint?: string | undefined };

/** The error of what the keys lead to. */
type Wrong = (what: string, hint: string, ...keys: string[]) => UserError;

function checkConfigs(found: object, wrong: Wrong): void {
  const { profiles, ...top } = found as { profiles?: unknown };
  checkKeys(top, [...KEYS, 'profiles'], wrong);
  const others = mapOf(profiles, '`profiles` is', (what, hint) => wrong(what, hint, 'profiles'));
  for (const [name, one] of Object.entries(others)) {
    const below: Wrong = (what, hint, ...keys) => wrong(what, hint, 'profiles', name, ...keys);
    if (!isProfileName(name)) throw below(`\`${name}\` is not a profile's name`, 'give it one like acme');
    checkKeys(mapOf(one, `\`${name}\` is`, below), KEYS, below);
  }
}

function readWritten(path: string, uid: number): string | undefined {
  try {
    return readOwn(path, uid, { orRoots: true });
  } catch (error) {
    if (error instanceof HoopError) throw error;
    throw bad(path, `it cannot be read (${(error as NodeJS.ErrnoException).code})`, `chmod u+r ${path}`);
  }
}

function checkKeys(found: object, known: readonly string[], wrong: Wrong): void {
  for (const [key, value] of Object.entries(found)) {
    if (!known.includes(key))
      throw wrong(`\`${key}\` is not a key`, `mend or remove the line; known: ${known.join(', ')}`, key);
    if (typeof value !== 'string') throw wrong(`\`${key}\` is not text`, 'write it as text', key);
    if (key === 'gateway' && /^(?!https:)\w+:\/\//.test(value))
      throw wrong('`gateway` does not begin with https://', 'write https://NAME', key);
    if (key === 'caFingerprint' && !FINGERPRINT.test(value))
      throw wrong('`caFingerprint` is not sha256: and 64 hexadecimal digits', 'as hoop-gateway init prints it', key);
    if (key === 'loginStore' && !isStore(value)) throw wrong(noStore(value), 'write keychain or memory', key);
  }
}

function mapOf(found: unknown, what: string, wrong: (what: string, hint: string) => UserError): object {
  if (found === null || found === undefined) return {};
  if (typeof found !== 'object' || Array.isArray(found)) throw wrong(`${what} not a map of keys`, 'mend or remove it');
  return found;
}

/** The parser's message ends in where that is, and shows it below. */
function parsed(path: string, written: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(written);
  } catch (cause) {
    const { message, linePos } = cause as Error & { linePos?: readonly { line: number }[] };
    const what = message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
    throw bad(`${path}:${linePos?.[0]?.line ?? 1}`, `it is not YAML: ${what}`, 'mend the line, or remove the file');
  }
}

const bad = (where: string, what: string, hint: string) =>
  new UserError('bad-config', `${where}: ${what}`, { hint, exit: 'usage' });

/** Of the file that config.yaml names, where `~/` is the person's home. */
function configuredRoots(
  { caFile }: Pick<Config, 'caFile'>,
  { paths, machine }: Pick<Needs, 'paths' | 'machine'>,
): string | undefined {
  return caFile === undefined
    ? undefined
    : readRoots(caFile.replace(/^~(?=\/)/, machine.home), `mend caFile in ${paths.configFile}`);
}

function readRoots(file: string, hint = 'check --ca-file'): string {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new UserError('ca-file', `${file} cannot be read (${code})`, { hint, cause });
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new UserError('ca-file', `${file} holds no certificate in PEM`, { hint });
}

function storeOf(name: string): 'keychain' | 'memory' {
  if (isStore(name)) return name;
  throw new UserError('bad-config', noStore(name), { exit: 'usage' });
}

const isStore = (name: string): name is 'keychain' | 'memory' => name === 'keychain' || name === 'memory';
const noStore = (name: string) => `loginStore is neither keychain nor memory: ${name}`;
