import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { WireConnection } from '@hoop/contracts/gateway';
import { askDns } from '@hoop/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GREETINGS } from '../src/greetings.js';
import { adviceFor, meantBy } from '../src/names.js';
import { type Arrived, echo, TestGateway } from './support/gateway.js';
import { credentialFor, dial, freePort, type Laptop, laptop, readAll } from './support/laptop.js';

/** One daemon, two gateways that know nothing of each other: `default` is logged in to ours, `acme` to theirs. */
let ours: TestGateway;
let theirs: TestGateway;
let on: Laptop;
let raw: WireConnection;
let noticed: string[];
const show = async ({ body }: { body: string }) => {
  noticed.push(body);
  return true;
};

const saying = (word: string) => (flow: Arrived) => {
  flow.channel.send(Buffer.from(`${word} `), true);
  echo(flow);
};

beforeEach(async () => {
  noticed = [];
  raw = { name: 'raw', protocol: 'tcp', port: await freePort(), state: 'granted' };
  [ours, theirs] = await Promise.all([
    new TestGateway(saying('ours')).start(),
    new TestGateway(saying('theirs')).start(),
  ]);
  ours.connections = [raw];
  theirs.connections = [raw];
  on = await laptop({ gateway: ours, others: { acme: theirs }, greetings: { postgres: GREETINGS.postgres }, show });
  await on.until(({ connections }) => connections.length === 2);
});
afterEach(async () => {
  await on[Symbol.asyncDispose]();
  await Promise.all([ours.stop(), theirs.stop()]);
});

const rows = () =>
  on.daemon.state().connections.map(({ hostname, profile, address }) => ({ hostname, profile, address }));
const addressOf = (hostname: string) => rows().find((one) => one.hostname === hostname)?.address;

async function say(name: string, words: string): Promise<string> {
  const client = await dial(on, name);
  const answer = readAll(client);
  client.end(words);
  return answer;
}

/** What our resolver answers, asked over UDP. */
async function resolved(name: string): Promise<string | undefined> {
  const { rcode, addresses } = await askDns(on.daemon.state().daemon.resolver!, name);
  return rcode === 'NOERROR' ? addresses[0] : rcode;
}

describe('two gateways at once', () => {
  test('the same name at both: each its own address, and leads to its own gateway', async () => {
    expect(rows()).toMatchObject([
      { hostname: 'raw.hoop', profile: 'default' },
      { hostname: 'raw.acme.hoop', profile: 'acme' },
    ]);
    expect(addressOf('raw.acme.hoop')).not.toBe(addressOf('raw.hoop'));
    expect(await Promise.all([say('raw', 'a'), say('raw.acme', 'b')])).toEqual(['ours a', 'theirs b']);
  });

  test('names: short for the default profile, long for each; a profile alone is no name and denies none below it', async () => {
    expect(await resolved('raw.hoop')).toBe(addressOf('raw.hoop'));
    expect(await resolved('raw.default.hoop')).toBe(addressOf('raw.hoop'));
    expect(await resolved('raw.acme.hoop')).toBe(addressOf('raw.acme.hoop'));
    expect(await resolved('acme.hoop')).toBeUndefined();
    for (const name of ['raw.other.hoop', 'a.raw.acme.hoop', 'acme.raw.hoop'])
      expect(await resolved(name)).toBe('NXDOMAIN');
  });

  test('no gateway is shown the other’s certificate', async () => {
    await Promise.all([say('raw', 'a'), say('raw.acme', 'b')]);
    expect([ours.dialled, theirs.dialled]).toEqual([ours.uplinks, theirs.uplinks]);
    expect([...ours.shown]).toEqual([new X509Certificate(ours.client.cert).fingerprint256]);
    expect([...theirs.shown]).toEqual([new X509Certificate(theirs.client.cert).fingerprint256]);
  });

  test('one logs out, or its gateway is gone: what is open through the other goes on', async () => {
    const client = await dial(on, 'raw');
    await once(client, 'data');
    await theirs.stop();
    await on.until(({ profiles }) => profiles?.find(({ name }) => name === 'acme')?.gateway?.state === 'offline');
    on.kept.open('acme').set(undefined);
    await on.until(({ connections }) => connections.length === 1);
    expect(on.daemon.state()).toMatchObject({ gateway: { state: 'online' }, login: { state: 'active' } });
    const answer = readAll(client);
    client.end('still here');
    expect(await answer).toBe('still here');
    expect(await say('raw', 'new')).toBe('ours new');
    await theirs.start();
  });

  test('refusals, notices and advice say whose login it is', async () => {
    const client = await dial(on, 'raw.acme');
    client.destroy();
    on.kept.open('acme').credential = undefined;
    expect(await readAll(await dial(on, 'raw.acme'))).toBe('refused login-required hoop login --profile acme');
    expect(noticed).toEqual(['Log in again, in a terminal: hoop login --profile acme']);
    expect(adviceFor('log in again: hoop login', 'acme', 'acme')).toBe('log in again: hoop login');
    expect(adviceFor('hoop login --profile acme', 'acme', 'default')).toBe('hoop login --profile acme');
  });

  test('a flow is counted once, with its own connection', async () => {
    const client = await dial(on, 'raw.acme');
    await once(client, 'data');
    expect(on.daemon.state().connections.map(({ hostname, flows }) => [hostname, flows])).toEqual([
      ['raw.hoop', 0],
      ['raw.acme.hoop', 1],
    ]);
    client.destroy();
  });
});

describe('the default', () => {
  test('is given to another: the short names are that one’s, addresses stay, what is open goes on', async () => {
    const before = { ours: addressOf('raw.hoop'), theirs: addressOf('raw.acme.hoop') };
    const client = await dial(on, 'raw');
    await once(client, 'data');
    on.daemon.profiles.use('acme');
    expect(rows()).toMatchObject([{ hostname: 'raw.hoop', profile: 'acme' }, { hostname: 'raw.default.hoop' }]);
    expect(await resolved('raw.hoop')).toBe(before.theirs);
    expect(await resolved('raw.acme.hoop')).toBe(before.theirs);
    expect(await resolved('raw.default.hoop')).toBe(before.ours);
    expect(on.daemon.state().gateway?.url).toContain(String(theirs.port));
    const answer = readAll(client);
    client.end('same');
    expect(await answer).toBe('same');
    expect(on.kept.chosen).toBe('acme');
  });

  test('there is none of a name that nobody made, nor is one guessed', () => {
    expect(() => on.daemon.profiles.use('other')).toThrow(/no profile called "other"/);
    on.daemon.profiles.ensure('failed');
    expect(() => on.daemon.profiles.use('failed')).toThrow('nobody has logged in to failed');
    expect(() => on.daemon.profiles.ensure('not.one')).toThrow(/not a profile's name/);
    expect(meantBy('a.b.c', 'default')).toBeUndefined();
  });

  test('local TLS carries the names that the connection has', async () => {
    ours.list([{ ...raw, protocol: 'postgres' }]);
    theirs.list([{ ...raw, protocol: 'postgres' }]);
    await on.until(({ connections }) => connections.every(({ protocol }) => protocol === 'postgres'));
    expect(await namesShown('raw')).toBe('DNS:raw.hoop, DNS:raw.default.hoop');
    expect(await namesShown('raw.acme')).toBe('DNS:raw.acme.hoop');
    on.daemon.profiles.use('acme');
    expect(await namesShown('raw')).toBe('DNS:raw.hoop, DNS:raw.acme.hoop');
    expect(await namesShown('raw.default')).toBe('DNS:raw.default.hoop');
  });
});

/** Of the certificate that a PostgreSQL client sees there. */
async function namesShown(name: string): Promise<string | undefined> {
  const socket = await dial(on, name);
  socket.write(Buffer.from('0000000804d2162f', 'hex'));
  await once(socket, 'data');
  const secure = connect({ socket, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  const { subjectAltName } = secure.getPeerX509Certificate()!;
  socket.destroy();
  return subjectAltName;
}

describe('a gateway that means ill', () => {
  test('lists another profile’s names: they are nobody’s, and it is said', async () => {
    const before = rows();
    const odd = ['raw.default', 'raw.hoop', 'x.default', 'default.'];
    theirs.list([raw, ...[...odd, 'zz-last'].map((name) => ({ ...raw, name }))]);
    const state = await on.until(({ problems }) => problems.length === 2);
    expect(state.problems).toEqual([
      {
        code: 'name-clash',
        message: 'its gateway lists “raw.default”, but that is a name of the profile default',
        profile: 'acme',
      },
      { code: 'odd-names', message: '4 connections have no name that DNS takes', profile: 'acme' },
    ]);
    await on.until(({ connections }) => connections.some(({ name }) => name === 'zz-last'));
    expect(rows().filter(({ hostname }) => hostname !== 'zz-last.acme.hoop')).toEqual(before);
    expect(await say('raw', 'x')).toBe('ours x');
  });

  test('a connection called as a profile: the connection, and it is said', async () => {
    ours.list([raw, { ...raw, name: 'acme' }]);
    await on.until(({ connections }) => connections.length === 3);
    expect(on.daemon.state().problems).toMatchObject([{ code: 'name-clash', profile: 'default' }]);
    expect(await resolved('acme.hoop')).toBe(addressOf('acme.hoop'));
    expect(await resolved('raw.acme.hoop')).toBe(addressOf('raw.acme.hoop'));
    // From the other side there is nothing to mistake.
    ours.list([raw]);
    theirs.list([raw, { ...raw, name: 'default' }]);
    await on.until(({ connections }) => connections.some(({ hostname }) => hostname === 'default.acme.hoop'));
    expect(await resolved('default.hoop')).toBeUndefined();
  });

  test('lists more than there is: the other’s new names have addresses all the same', async () => {
    const { port } = raw;
    theirs.list(Array.from({ length: 1_200 }, (_, i) => ({ ...raw, name: `n${i}`, port })));
    await on.until(({ connections }) => connections.filter(({ profile }) => profile === 'acme').length === 1_000);
    expect(on.daemon.state().problems).toMatchObject([{ code: 'too-many-names', profile: 'acme' }]);
    ours.list([raw, { ...raw, name: 'later' }]);
    await on.until(({ connections }) => connections.some(({ hostname }) => hostname === 'later.hoop'));
    const later = on.daemon.state().connections.find(({ hostname }) => hostname === 'later.hoop');
    expect(later).toMatchObject({ state: 'ready', reach: { byName: true } });
  });

  test('sends lists without end: the other one’s list has its turn', async () => {
    const many = (n: number) => Array.from({ length: 300 }, (_, i) => ({ ...raw, name: `n${n}-${i}` }));
    for (let n = 0; n < 100; n++) theirs.list(many(n));
    ours.list([raw, { ...raw, name: 'later' }]);
    const since = performance.now();
    await on.until(({ connections }) => connections.some(({ hostname }) => hostname === 'later.hoop'));
    expect(performance.now() - since).toBeLessThan(5_000);
    await on.until(({ connections }) => connections.some(({ hostname }) => hostname === 'n99-0.acme.hoop'));
    expect(on.daemon.state().connections).toHaveLength(302);
  });

  test('its notices are its own: none takes the place of the laptop’s or of the other’s', async () => {
    ours.tell({ type: 'notice', code: 'kept', message: 'of ours' });
    await on.until(({ problems }) => problems.length === 1);
    for (let i = 0; i < 40; i++) theirs.tell({ type: 'notice', code: `n${i}`, message: 'spam' });
    theirs.tell({ type: 'notice', code: 'kept', message: 'of theirs', ended: true });
    const state = await on.until(({ problems }) => problems.some(({ message }) => message === 'of theirs'));
    expect(state.problems).toContainEqual({ code: 'kept', message: 'of ours', profile: 'default' });
    expect(state.login).not.toBeNull();
    expect(on.credentials.ended).toBeUndefined();
    expect(on.kept.open('acme').ended).toBe('kept');
  });
});

describe('a profile that is renamed', () => {
  const inKeychain = (profile: string) => {
    const credentials = on.kept.open(profile);
    const { login, attempt } = credentials.state();
    credentials.standing = { login: login && { ...login, store: 'keychain' }, attempt };
  };

  test('keeps its login, its addresses and what is open', async () => {
    inKeychain('acme');
    const was = addressOf('raw.acme.hoop');
    const open = await dial(on, 'raw.acme');
    const answer = readAll(open);
    await on.daemon.profiles.rename('acme', 'work');
    await on.until(({ connections }) => connections.some(({ hostname }) => hostname === 'raw.work.hoop'));
    expect(rows().map(({ hostname }) => hostname)).toEqual(['raw.hoop', 'raw.work.hoop']);
    expect([addressOf('raw.work.hoop'), await resolved('raw.work.hoop')]).toEqual([was, was]);
    expect(await resolved('raw.acme.hoop')).toBe('NXDOMAIN');
    expect(await say('raw.work', 'new')).toBe('theirs new');
    open.end('still open');
    expect(await answer).toBe('theirs still open');
  });

  test('keeps the short names, and is no other than the first one where there was one alone', async () => {
    inKeychain('default');
    await on.daemon.profiles.rename('default', 'shop');
    await on.until(({ connections }) => connections.some(({ profile }) => profile === 'shop'));
    expect(rows().map(({ hostname }) => hostname)).toEqual(['raw.hoop', 'raw.acme.hoop']);
    expect(on.daemon.state().profiles?.map(({ name, isDefault }) => [name, isDefault])).toEqual([
      ['shop', true],
      ['acme', false],
      ['default', false],
    ]);
    expect(await resolved('raw.shop.hoop')).toBe(addressOf('raw.hoop'));
    expect(await say('raw', 'x')).toBe('ours x');
  });

  test('is refused where there is such a one, what is no name, and a login that could not come along', async () => {
    const { profiles } = on.daemon;
    await expect(profiles.rename('acme', 'default')).rejects.toThrow('there is a profile called default');
    await expect(profiles.rename('acme', 'A_b')).rejects.toThrow("not a profile's name");
    await expect(profiles.rename('none', 'work')).rejects.toThrow('there is no profile called');
    profiles.ensure('typo');
    await expect(profiles.rename('typo', 'work')).rejects.toThrow('nobody has logged in to typo');
    await expect(profiles.rename('acme', 'work')).rejects.toThrow("in hoopd's memory alone");
    inKeychain('acme');
    on.kept.open('acme').handOver = () => Promise.reject(new Error('the keychain hangs'));
    await expect(profiles.rename('acme', 'work')).rejects.toThrow('the keychain hangs');
    expect(await say('raw.acme', 'as it was')).toBe('theirs as it was');
  });
});

test('a profile that is removed: no login, no names, no address; and it can come again', async () => {
  const client = await dial(on, 'raw.acme');
  await once(client, 'data');
  client.destroy();
  on.daemon.profiles.use('acme');
  await on.daemon.profiles.remove('acme');
  const state = on.daemon.state();
  expect(state.profiles).toBeUndefined();
  expect(state.connections.map(({ hostname, profile }) => [hostname, profile])).toEqual([['raw.hoop', undefined]]);
  expect(await resolved('raw.acme.hoop')).toBe('NXDOMAIN');
  expect(on.kept.names()).toEqual(['default']);
  expect(on.kept.chosen).toBe('default');
  await expect(on.daemon.profiles.remove('default')).rejects.toThrow(/always there/);
  on.daemon.profiles.ensure('acme');
  on.kept.open('acme').set(credentialFor(theirs));
  await on.until(({ connections }) => connections.length === 2);
  expect(await say('raw.acme', 'again')).toBe('theirs again');
});
