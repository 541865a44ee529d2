import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adminCaller } from '../src/admin/client.js';
import { socketPath } from '../src/admin/path.js';
import { loadConfig } from '../src/config/load.js';
import { startOf } from '../src/program/init.js';
import { counted, renderError } from '../src/program/render.js';
import { runGateway } from '../src/program/run.js';
import { readable } from '../src/readable.js';
import { makeFolder } from '../src/store/make-folder.js';
import { temporary } from './rig.js';

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await runGateway(args, {
    out: (text) => {
      said.out += `${text}\n`;
    },
    err: (text) => {
      said.err += `${text}\n`;
    },
  });
  return { code, ...said };
}
const usage = (message: string, hint: string) => ({ code: 2, out: '', err: `hoop-gateway: ${message}\n  ${hint}\n` });

describe('what nobody can run', () => {
  test.each<[string[], string, string]>([
    [['nope'], "unknown command 'nope'", 'hoop-gateway --help'],
    [['users'], 'which of the commands of users?', 'hoop-gateway users --help'],
    [['users', 'nope'], "unknown command 'nope'", 'hoop-gateway users --help'],
    [['help', 'nope'], "unknown command 'nope'", 'hoop-gateway --help'],
    [['check', '--frob'], "unknown option '--frob'", 'hoop-gateway check --help'],
    [
      ['init', '--port', '99999'],
      "option '--port <port>' argument '99999' is invalid. a port is 1 to 65535.",
      'hoop-gateway init --help',
    ],
    [
      ['sessions', 'ls', '--limit', 'x'],
      "option '--limit <n>' argument 'x' is invalid. 1 to 1000.",
      'hoop-gateway sessions ls --help',
    ],
  ])('%j is a usage error, with the help that helps', async (args, message, hint) => {
    expect(await run(...args)).toEqual(usage(message, hint));
  });

  test('as JSON it is one document', async () => {
    const { code, err } = await run('nope', '--json');
    expect([code, JSON.parse(err)]).toMatchObject([2, { error: { code: 'usage' } }]);
  });

  test('alone, and with --help, it tells of itself in 80 columns', async () => {
    const alone = await run();
    expect(alone).toMatchObject({ code: 0, err: '', out: expect.stringContaining('audit') });
    expect(await run('--help')).toEqual(alone);
    for (const line of alone.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('init', () => {
  test('what starts it is the service, where the package has one and the file is the one it serves', () => {
    const file = '/etc/hoop-gateway/gateway.yaml';
    const unit = (path: string) => path.endsWith('/hoop-gateway.service');
    expect(startOf(file, unit)).toBe('systemctl enable --now hoop-gateway');
    expect(startOf(file, () => false)).toBe(`hoop-gateway serve --config ${file}`);
    expect(startOf('/srv/gateway.yaml', unit)).toBe('hoop-gateway serve --config /srv/gateway.yaml');
  });

  test.each([
    ['--host', 'bad name'],
    ['--host', 'https://gateway.example.com'],
    ['--listen', '0.0.0.0:8443'],
    ['--name', 'No Name'],
  ])('with %s %j writes nothing', async (option, value) => {
    const folder = join(temporary(), 'gw');
    const { code, err } = await run('init', '--dir', folder, option, value);
    expect([code, existsSync(folder)]).toEqual([2, false]);
    expect(err).toContain(`${option} ${JSON.stringify(value)} is not`);
  });

  test('its last step is a command that fits 80 columns', async () => {
    const folder = join(temporary(), 'gw');
    const { code, out } = await run('init', '--dir', folder, '--host', 'gateway.example.com', '--name', 'null');
    expect(code).toBe(0);
    expect(out.replace(/ \\\n +/, ' ')).toMatch(
      /^ +hoop login https:\/\/gateway\.example\.com:8443 --ca-fingerprint sha256:[0-9a-f]{64}$/m,
    );
    for (const line of out.split('\n').filter((each) => !each.includes(folder)))
      expect(line.length).toBeLessThanOrEqual(80);
    expect(loadConfig(join(folder, 'gateway.yaml'))).toMatchObject({ name: 'null', publicHost: 'gateway.example.com' });
  });

  test('a folder that cannot be made is refused at once', async () => {
    const file = join(temporary(), 'file');
    writeFileSync(file, '');
    const bad = [join(file, 'gw'), ...(existsSync('/proc/self') ? ['/proc/none/gw'] : [])];
    for (const folder of bad) {
      const { code, err } = await run('init', '--dir', folder);
      expect([code, err]).toEqual([1, expect.stringMatching(/^hoop-gateway: cannot make the folder /)]);
    }
    expect(() => makeFolder(file)).toThrow('a file of that name is there');
  });
});

describe('check', () => {
  test('as JSON it is one document, whether or not all is well', async () => {
    const folder = join(temporary(), 'gw');
    await run('init', '--dir', folder);
    const file = join(folder, 'gateway.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('connect: [pg-prod]', 'connect: [pg-prd]'));
    const { code, out, err } = await run('check', '--offline', '--json', '--config', file);
    expect([code, err]).toEqual([1, '']);
    expect(JSON.parse(out)).toContainEqual({
      what: 'role engineer',
      ok: false,
      detail: 'connect: pg-prd matches no connection',
      hint: 'did you mean pg-prod?',
    });
    const plain = await run('check', '--offline', '--config', file);
    expect(plain).toMatchObject({ code: 1, err: 'hoop-gateway: 2 of 5 checks failed\n' });
    expect(plain.out).toContain('1 connection, 2 roles');
    expect(plain.out).toMatch(/controls pg-prod +guardrails destructive-ddl, unbounded-writes, privilege-changes,/);
  });
});

test('check says of a password that everybody may read', async () => {
  const folder = join(temporary(), 'gw');
  await run('init', '--dir', folder, '--host', 'localhost');
  const [file, password] = [join(folder, 'gateway.yaml'), join(folder, 'password')];
  writeFileSync(password, 'x', { mode: 0o600 });
  writeFileSync(file, readFileSync(file, 'utf8').replace('env:PG_PROD_PASSWORD', 'file:./password'));
  const said = async () => (await run('check', '--offline', '--config', file)).out;
  expect(await said()).not.toContain('everybody');
  chmodSync(password, 0o644);
  expect(await said()).toContain(`file:${password}, which everybody on this machine may read`);
});

test('a gateway that is frozen is said to be, and what was asked of it may yet happen', async () => {
  const data = temporary();
  const frozen = createServer(() => {}).listen(socketPath(data));
  const asked = adminCaller(data, 50);
  const said = async (call: Promise<unknown>) => {
    let text = '';
    const told = await call.catch((error: unknown) =>
      renderError(error, false, { out: () => {}, err: (line) => (text += `${line}\n`) }),
    );
    return [told, text];
  };
  const silent = `hoop-gateway: the gateway does not answer on its socket ${socketPath(data)}\n`;
  expect(await said(asked.users({}))).toEqual([69, `${silent}  is it stopped, or busy?\n`]);
  expect(await said(asked.disable({ body: { email: 'a@b.c' } }))).toEqual([
    69,
    `${silent}  what was asked may yet take effect: hoop-gateway users ls\n`,
  ]);
  frozen.close();
});

test('counts agree with their words', () => {
  expect([counted(0, 'flow'), counted(1, 'flow'), counted(2, 'entry', 'entries')]).toEqual([
    '0 flows',
    '1 flow',
    '2 entries',
  ]);
});

test('the log on a terminal is a line, its hint and stack below it', () => {
  const time = new Date(2026, 0, 2, 3, 4, 5).getTime();
  const told = { level: 40, time, check: 'secret pg', port: 8443, hint: 'set it', msg: 'not there' };
  expect(readable(JSON.stringify(told))).toBe(
    `03:04:05 warn  not there  check="secret pg"  port=8443\n${' '.repeat(15)}set it\n`,
  );
  const failed = { level: 50, time, err: { message: 'no', stack: 'Error: no\n    at x' }, msg: 'failed' };
  expect(readable(JSON.stringify(failed))).toBe(
    `03:04:05 error failed\n${' '.repeat(15)}Error: no\n${' '.repeat(19)}at x\n`,
  );
});
