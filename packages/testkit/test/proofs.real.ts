import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FaultProxy } from '../src/fault/index.js';
import { handmadeLogin, openFlow, sendRaw } from '../src/handmade/index.js';
import { STAFF } from '../src/idp/people.js';
import { logIn, type Stage } from '../src/story/index.js';
import { searchForSecrets } from '../src/story/secret.js';
import { json, listed, must, sqlClient } from '../src/story/stage.js';
import { patternsOf, sightings } from '../src/witness/index.js';
import { CONNECTION, type Laptop, newAuthority, World } from '../src/world/index.js';

/** What the demo's lines do not show: the wire, a daemon's restart, and the gateway against clients that are not ours. */

const root = join(import.meta.dirname, '../../..');
const at = mkdtempSync(join(tmpdir(), 'hp-'));
const [ALICE, BOB] = STAFF as [(typeof STAFF)[number], (typeof STAFF)[number]];
let world: World;
let alice: Laptop;
let stage: Stage;
let wire: FaultProxy;
const tapped: Buffer[] = [];

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  stage = { root, world, skipped: [] };
  await world.company.startIdp();
  await world.company.startPostgres();
  await world.company.startGateway(async (port) => {
    wire = await FaultProxy.start({ port });
    wire.tap((_, bytes) => tapped.push(Buffer.from(bytes)));
    return wire.port;
  });
  await world.setUpLaptops([ALICE, BOB]);
  alice = world.laptop('alice');
  await logIn(stage, 'alice');
}, 120_000);
afterAll(async () => {
  await wire?.close();
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

const ask = async (statement: string) => {
  const { address, port } = (await listed(alice)).reach;
  return must(alice.run(sqlClient(stage, address, port, statement)));
};
interface Status {
  daemon: { pid: number };
  login: { store: string; identity: { email: string } };
}
const status = () => json<Status>(alice.hoop('status', '--json'));

describe('on the wire and on the laptop', () => {
  test('a tap on the uplink sees TLS only', async () => {
    const [customer] = await world.company.cluster.sql('select name, email, card from customers where id = 4711');
    const { stdout } = await ask('select email, card from customers where id = 4711');
    expect(stdout).toContain(String(customer?.email));
    const told = ['customers', String(customer?.email), String(customer?.card), '"kind":"flow"', 'pg-prod'];
    const patterns = patternsOf(told.map((text) => ({ name: text, bytes: Buffer.from(text) })));
    expect(sightings(patterns, Buffer.concat(tapped), 'the wire')).toEqual([]);
    expect(tapped.length).toBeGreaterThan(10);
    // RFC 8446 §5.1: a record's type is 20 to 23, its version 3.x.
    const starts = tapped.filter((bytes) => bytes[0] === 0x16 && bytes[1] === 3);
    expect(starts.length).toBeGreaterThanOrEqual(2 * wire.counts.connections - 2);
  });

  test('a login in the keyring survives the daemon’s end; nothing of it lies about', async (context) => {
    if (!alice.record.keyring) return context.skip('no keyring on this machine; sudo apt install gnome-keyring');
    const before = await status();
    expect(before.login).toMatchObject({ store: 'keychain' });
    process.kill(before.daemon.pid, 'SIGKILL');
    expect((await ask('select 6 * 7')).stdout.trim()).toBe('42');
    const now = await status();
    world.processes.adopt('alice-hoopd-2', now.daemon.pid);
    expect(now.daemon.pid).not.toBe(before.daemon.pid);
    expect(now.login.identity.email).toBe(ALICE.email);
    expect(await searchForSecrets(stage)).toContain('nowhere on the laptop');
  });

  test('the search would have found one', async () => {
    const { password } = world.company.cluster;
    const file = join(alice.home, 'notes.txt');
    await must(alice.run(['sh', '-c', `printf %s "$1" | base64 > ${file}`, 'sh', `the password is ${password}`]));
    await expect(searchForSecrets(stage)).rejects.toThrow(/database password \(base64\) in .*notes\.txt/);
    await must(alice.run(['rm', file]));
  });
});

describe('the gateway against clients that are not hoopd', () => {
  const ca = () => world.company.authority.certificate;
  const to = (login: { key: string; certificate: string }) => ({ port: world.company.gatewayPort, ca: ca(), ...login });
  const login = (person: typeof ALICE) => handmadeLogin(world.company.gatewayUrl, world.company.issuer, ca(), person);
  /** Until the audit, on disk, has it. */
  async function audited(wanted: Record<string, unknown>): Promise<void> {
    const has = () =>
      world.company.record().some((line) => Object.entries(wanted).every(([name, value]) => line[name] === value));
    for (const deadline = Date.now() + 5_000; !has() && Date.now() < deadline; ) await after(50);
    expect(world.company.record().filter(({ kind }) => kind === 'audit')).toContainEqual(
      expect.objectContaining(wanted),
    );
  }

  test('a wrong port, an ungranted connection, one that does not exist: refused and audited', async () => {
    const [hers, his] = [await login(ALICE), await login(BOB)];
    const wrong = await openFlow(to(hers), { connection: CONNECTION, port: 22 });
    expect(wrong.close?.code).toBe('port-refused');
    await audited({
      event: 'flow-refused',
      code: 'port-refused',
      person: ALICE.email,
      connection: CONNECTION,
      port: 22,
    });
    const ungranted = await openFlow(to(his), { connection: CONNECTION, port: 5432 });
    expect(ungranted.close?.code).toBe('not-granted');
    await audited({ event: 'flow-refused', code: 'not-granted', person: BOB.email, connection: CONNECTION });
    for (const connection of ['nope', '../pg-prod', 'PG-PROD', '__proto__', 'pg-prod\u0000']) {
      const unknown = await openFlow(to(hers), { connection, port: 5432 });
      expect([connection, unknown.close?.code]).toEqual([connection, 'unknown-connection']);
    }
    await audited({ event: 'flow-refused', code: 'unknown-connection', person: ALICE.email });
  });

  test('no certificate, or one of another authority: not let in', async () => {
    const foreign = await (await newAuthority('hoop')).issue([ALICE.email]);
    const flow = { connection: CONNECTION, port: 5432 };
    const none = await openFlow({ port: world.company.gatewayPort, ca: ca() }, flow);
    const strange = await openFlow(to(foreign), flow);
    expect([none.close?.code, strange.close?.code]).toEqual(['certificate', 'certificate']);
    expect([none.data.length, strange.data.length]).toEqual([0, 0]);
    await audited({ event: 'uplink-refused' });
  });

  test('bytes that are no frames end the uplink and nothing else', async () => {
    const hers = await login(ALICE);
    for (const bytes of [
      Buffer.alloc(64, 0xff),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([1, 0xff, 0xff, 0xff]),
    ])
      expect((await sendRaw(to(hers), bytes)).data.length).toBe(0);
    expect((await ask('select 1')).stdout.trim()).toBe('1');
  });

  test('a disabled identity: refused at once with the certificate that was good, and audited', async () => {
    const hers = await login(ALICE);
    const flow = { connection: CONNECTION, port: 5432 };
    await must(world.company.gateway('users', 'disable', ALICE.email));
    const refused = await openFlow(to(hers), flow);
    expect([refused.close?.code, refused.error]).toContain('identity-disabled');
    await audited({ event: 'flow-refused', code: 'identity-disabled', person: ALICE.email });
    await must(world.company.gateway('users', 'enable', ALICE.email));
  });
});
