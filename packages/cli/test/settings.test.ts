import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { planPaths } from '@hoop/platform';
import { describe, expect, test } from 'vitest';
import type { Input, Needs } from '../src/command.js';
import { configTrouble, readConfig, readSettings } from '../src/settings.js';
import { machineAt } from './stage.js';

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';

function setUp(config: string | undefined, variables: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'hoop-settings-'));
  const machine = machineAt(home);
  const paths = planPaths(machine);
  mkdirSync(dirname(paths.configFile), { recursive: true });
  if (config !== undefined) writeFileSync(paths.configFile, config.replaceAll('HOME', home));
  writeFileSync(join(home, 'ca.pem'), PEM);
  writeFileSync(join(home, 'no.pem'), 'nothing');
  const needs = { machine, paths, variables } as unknown as Needs;
  return {
    home,
    needs,
    read: (input: Partial<Input> = {}) => readSettings(needs, { arguments: [], options: {}, ...input }),
  };
}

describe('settings', () => {
  test('flag before environment before file before default', async () => {
    const config = 'gateway: https://file\nloginStore: memory\ncaFile: HOME/ca.pem\n';
    expect(await setUp(undefined).read()).toEqual({ loginStore: 'keychain' });
    expect(await setUp(config).read()).toEqual({ gateway: 'https://file', loginStore: 'memory', ca: PEM });
    const both = setUp(config, { HOOP_GATEWAY: 'https://env' });
    expect((await both.read()).gateway).toBe('https://env');
    const given = await both.read({
      arguments: ['https://flag'],
      options: { loginStore: 'keychain', caFingerprint: 'sha256:1' },
    });
    expect(given).toEqual({ gateway: 'https://flag', loginStore: 'keychain', caFingerprint: 'sha256:1' });
  });

  test.each([
    ['an unknown key', 'gatway: https://x\n', '`gatway` is not a key'],
    ['a key that is not text', 'gateway: [a]\n', '`gateway` is not text'],
    ['what is no map', '- a\n', 'it is not a map of keys'],
    ['what is no YAML', 'a: [\n', 'it is not YAML'],
    ['a store that does not exist', 'loginStore: disk\n', 'neither keychain nor memory'],
    ['a gateway without TLS', 'gateway: http://x\n', 'does not begin with https://'],
    ['a fingerprint that is none', 'caFingerprint: sha256:12\n', 'is not sha256:'],
  ])('%s is refused', async (_, config, message) => {
    await expect(setUp(config).read()).rejects.toThrow(message);
  });

  test('a file that cannot be read is told, as bad use', async () => {
    const { home, needs } = setUp('');
    const configFile = join(home, 'ca.pem', 'config.yaml');
    const paths = { ...needs.paths, configFile };
    await expect(readSettings({ ...needs, paths }, { arguments: [], options: {} })).rejects.toMatchObject({
      message: `${configFile}: it cannot be read (ENOTDIR)`,
      exit: 'usage',
    });
  });

  test('another profile has what stands below its name, and of the rest only where logins are kept', async () => {
    const config =
      'gateway: https://ours\ncaFile: HOME/ca.pem\nloginStore: memory\nprofiles:\n  acme:\n    gateway: https://acme\n';
    const { needs } = setUp(config, { HOOP_GATEWAY: 'https://env' });
    const read = (profile: string, isShells: boolean) =>
      readSettings(needs, { arguments: [], options: {} }, { profile, isShells });
    expect(await read('acme', false)).toEqual({ gateway: 'https://acme', loginStore: 'memory' });
    expect(await read('acme', true)).toMatchObject({ gateway: 'https://env' });
    expect(await read('other', false)).toEqual({ loginStore: 'memory' });
    expect(await read('default', false)).toMatchObject({ gateway: 'https://ours', ca: PEM });
  });

  test.each([
    ['a name that none can have', 'profiles:\n  A_b:\n    gateway: https://x\n', "`A_b` is not a profile's name"],
    ['an unknown key of one', 'profiles:\n  acme:\n    gatway: https://x\n', '`gatway` is not a key'],
    ['one that is no map', 'profiles:\n  acme: https://x\n', '`acme` is not a map of keys'],
    ['profiles that are no map', 'profiles: acme\n', '`profiles` is not a map of keys'],
    ['profiles in one', 'profiles:\n  acme:\n    profiles: {}\n', '`profiles` is not a key'],
  ])('%s is refused', async (_, config, message) => {
    await expect(setUp(config).read()).rejects.toThrow(message);
  });

  test.each([
    ['an unknown key', 'gateway: https://x\n# why\ngatway: https://x\n', 3],
    ['a key that is not text', '\ngateway: [a]\n', 2],
    ['what is no YAML', 'gateway: https://x\na: [\n', 3],
    ['a store that does not exist', 'gateway: https://x\nloginStore: disk\n', 2],
    ['a profile’s unknown key', 'profiles:\n  acme:\n    gateway: https://x\n    gatway: y\n', 4],
    ['a name that none can have', 'gateway: https://x\nprofiles:\n  A_b: {}\n', 3],
    ['profiles that are no map', 'gateway: https://x\nprofiles: acme\n', 2],
  ])('%s is told with its line', async (_, config, line) => {
    const { needs, read } = setUp(config);
    await expect(read()).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(`${needs.paths.configFile}:${line}: `),
      hint: expect.any(String),
    });
  });

  test('roots that the file names are told of there, before a login too; ~ is the home', async () => {
    expect((await setUp('caFile: ~/ca.pem\n').read()).ca).toBe(PEM);
    expect(await configTrouble(setUp('profiles:\n  acme:\n    caFile: ~/ca.pem\n').needs)).toBeUndefined();
    const { home, needs, read } = setUp('caFile: ~/gone.pem\n');
    const told = {
      message: `${home}/gone.pem cannot be read (ENOENT)`,
      hint: `mend caFile in ${needs.paths.configFile}`,
    };
    await expect(read()).rejects.toMatchObject(told);
    expect(await configTrouble(needs)).toMatchObject(told);
    expect((await read({ options: { caFile: join(home, 'ca.pem') } })).ca).toBe(PEM);
  });

  test.runIf(process.getuid?.() === 0)("root's own file is believed, where nobody else can write it", async () => {
    const { needs } = setUp('gateway: https://x\n');
    expect(await readConfig(needs.paths.configFile, 1000)).toEqual({ gateway: 'https://x' });
    chmodSync(needs.paths.configFile, 0o664);
    await expect(readConfig(needs.paths.configFile, 1000)).rejects.toThrow('belongs to user id 0');
  });

  test('roots that are not there, or none, are refused', async () => {
    const { home, read } = setUp('');
    await expect(read({ options: { caFile: join(home, 'missing.pem') } })).rejects.toThrow('ENOENT');
    await expect(read({ options: { caFile: join(home, 'no.pem') } })).rejects.toThrow('holds no certificate');
  });
});
