import type { SyncMessage } from '@hoop/contracts/uplink';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adminCaller } from '../src/admin/client.js';
import { ALICE, CAROL, flowHead, type Laptop, type Link, type Person } from './laptop.js';
import { Rig } from './rig.js';

describe('what ends flows', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start();
  });
  afterEach(() => rig.stop());

  const someone = async (person: Person) => {
    const laptop = rig.laptop();
    await laptop.login(rig.idp, person);
    return laptop;
  };
  const running = async (laptop: Laptop) => {
    const link = await laptop.open(flowHead('echo', 7000));
    return answers(link, 'hello');
  };
  const answers = async (link: Link, text: string) => {
    link.got.length = 0;
    link.channel.send(Buffer.from(text), true);
    return link.until((it) => it.text === text);
  };
  const messages = (link: Link) =>
    link.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SyncMessage);

  test('a disabled person loses every flow within a second; others go on', async () => {
    const [alice, carol] = [await someone(ALICE), await someone(CAROL)];
    const hers = await Promise.all([running(alice), running(alice)]);
    const others = await running(carol);
    const sync = await alice.open({ kind: 'sync' });
    const warm = await alice.dial();
    const from = performance.now();
    const done = await adminCaller(rig.folder).disable({ body: { email: 'Alice@shop.example' } });
    expect(done).toEqual({ identities: 1, flows: 2 });
    for (const link of hers) {
      await link.until((it) => it.over);
      expect(link.closed?.code).toBe('identity-disabled');
    }
    expect(performance.now() - from).toBeLessThan(5_000);
    await sync.until((it) => it.over);
    expect(messages(sync).at(-1)).toMatchObject({ type: 'notice', code: 'identity-disabled', ended: true });
    if (!warm.destroyed) await new Promise((resolve) => warm.once('close', resolve));
    await answers(others, 'still here');
    const again = await alice.open(flowHead('echo', 7000));
    await again.until((it) => it.closed !== undefined);
    expect(again.closed).toMatchObject({
      code: 'identity-disabled',
      message: 'alice@shop.example is disabled on this gateway',
    });
    await expect(someone(ALICE)).rejects.toMatchObject({ status: 403, code: 'identity-disabled' });
    await expect(alice.api().connections({})).rejects.toMatchObject({ status: 403 });
    expect(await rig.audited('flow-revoked')).toHaveLength(2);
    const sessions = await carol.api().sessions({ query: { all: 'true' } });
    expect(sessions.filter((it) => it.person === ALICE.email).map((it) => it.end)).toEqual(['revoked', 'revoked']);
  });

  test('an enabled person logs in anew; the old login stays dead', async () => {
    const alice = await someone(ALICE);
    const admin = adminCaller(rig.folder);
    await admin.disable({ body: { email: ALICE.email } });
    await admin.enable({ body: { email: ALICE.email } });
    await expect(alice.api().connections({})).rejects.toMatchObject({ status: 401, code: 'login-required' });
    await running(await someone(ALICE));
  });

  test('logging out ends the flows of that login alone', async () => {
    const [one, two] = [await someone(ALICE), await someone(ALICE)];
    const [ended, going] = [await running(one), await running(two)];
    await one.api().logout({});
    await ended.until((it) => it.over);
    expect(ended.closed?.code).toBe('login-required');
    await answers(going, 'still here');
  });

  test('a flow outlives its certificate, not its lease', async () => {
    const alice = await someone(ALICE);
    const link = await running(alice);
    rig.clock.ahead = 20 * 60_000;
    rig.gateway.tick();
    await answers(link, 'still here');
    rig.clock.ahead = 61 * 60_000;
    rig.gateway.tick();
    await link.until((it) => it.over);
    expect(link.closed).toMatchObject({ code: 'login-required' });
  });

  test('a reload ends only flows that the new file no longer allows, and sends the new list', async () => {
    const [alice, carol] = [await someone(ALICE), await someone(CAROL)];
    const [hers, others] = [await running(alice), await running(carol)];
    const sync = await alice.open({ kind: 'sync' });
    await sync.until((it) => messages(it).length === 2);
    expect(messages(sync)[0]).toMatchObject({
      type: 'connections',
      connections: [{ name: 'echo', state: 'granted' }, { name: 'pg-prod' }],
    });
    expect(messages(sync)[1]).toMatchObject({ type: 'lease', identity: { email: ALICE.email } });
    const roles = { dba: { groups: ['dba'], see: ['echo'] }, security: { groups: ['security'], connect: ['echo'] } };
    rig.gateway.reload(rig.config({ roles }));
    await hers.until((it) => it.over);
    expect(hers.closed).toMatchObject({ code: 'not-granted', hint: 'ask carol@shop.example (security)' });
    await sync.until((it) => messages(it).length === 3);
    expect(messages(sync)[2]).toMatchObject({ connections: [{ name: 'echo', state: 'requestable' }] });
    await answers(others, 'still here');
  });

  test('a reload that needs a restart, or cannot be read, changes nothing', async () => {
    const link = await running(await someone(ALICE));
    expect(() => rig.gateway.reload(rig.config({ listen: { host: '127.0.0.1', port: 1 }, roles: {} }))).toThrow(
      /restart/,
    );
    const ca = { protocol: 'tcp', host: 'x', port: 1, tls: { ca: '/nowhere.pem' } };
    expect(() => rig.gateway.reload(rig.config({ connections: { x: ca } }))).toThrow(/nowhere/);
    await answers(link, 'still here');
  });

  test('new groups at renewal count at once', async () => {
    const alice = await someone(ALICE);
    const link = await running(alice);
    await someone({ ...ALICE, groups: [] });
    await link.until((it) => it.over);
    expect(link.closed?.code).toBe('unknown-connection');
  });

  test('draining tells flows that do not end by themselves', async () => {
    const link = await running(await someone(ALICE));
    const draining = rig.gateway.drain(new AbortController().signal, 0.05);
    await link.until((it) => it.over);
    expect(link.closed?.code).toBe('shutting-down');
    await draining;
    await rig.serve();
  });
});

describe('who looks at sessions', () => {
  test('sees their own; an auditor all, and that is recorded', async () => {
    const rig = await Rig.start();
    const [alice, carol] = [rig.laptop(), rig.laptop()];
    await alice.login(rig.idp, ALICE);
    await carol.login(rig.idp, CAROL);
    const link = await alice.open(flowHead('echo', 7000));
    link.channel.send(Buffer.from('x'), true);
    await link.until((it) => it.text === 'x');
    const [session] = await alice.api().sessions({});
    expect(session?.endedAt).toBeUndefined();
    const id = session?.id ?? '';
    expect(await carol.api().sessions({})).toEqual([]);
    await expect(alice.api().sessions({ query: { all: 'true' } })).rejects.toMatchObject({ status: 403 });
    expect((await carol.api().sessions({ query: { all: 'true' } })).map((it) => it.id)).toEqual([id]);
    expect(await carol.api().session({ id })).toMatchObject({ id, record: [] });
    expect(await rig.audited('sessions-looked-at')).toHaveLength(1);
    expect(await rig.audited('session-looked-at')).toMatchObject([{ person: CAROL.email, session: id }]);
    await carol.login(rig.idp, { ...CAROL, groups: [] });
    await expect(carol.api().session({ id })).rejects.toMatchObject({ status: 404, code: 'unknown-session' });
    await rig.stop();
  });
});
