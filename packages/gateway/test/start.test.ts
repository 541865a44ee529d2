import { appendFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRecord } from '../src/record/open.js';
import { verifyRecord } from '../src/record/verify.js';
import { openStore } from '../src/store/open.js';
import { ALICE, flowHead } from './laptop.js';
import { Rig } from './rig.js';

describe('starting', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start();
  });
  afterEach(() => rig.stop());
  const stopped = () => rig.gateway.drain(AbortSignal.abort(), 0);

  test('on a port that is taken says so, and leaves the data folder free', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    await stopped();
    await expect(rig.serve({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'listen',
      message: `cannot listen on 127.0.0.1:${port}: another program holds it`,
    });
    holder.close();
    await rig.serve();
  });

  test('a second one on the same data folder is refused', async () => {
    await expect(rig.serve()).rejects.toMatchObject({ code: 'running' });
    expect(await rig.laptop().api({}).health({})).toEqual({ status: 'ok' });
  });

  test('after a crash closes what was left open as broken, from the record', async () => {
    const alice = rig.laptop();
    await alice.login(rig.idp, ALICE);
    await stopped();
    const store = await openStore(rig.folder);
    const session = { subject: ALICE.sub, email: ALICE.email, connection: 'echo', protocol: 'tcp' as const };
    const id = await store.sessions.begin({ ...session, program: 'psql', started_at: 1, segment: 1 });
    const asked = await store.sessions.begin({ ...session, program: 'psql', started_at: 1, segment: 1 });
    const head = await store.head();
    await store.close();
    const record = openRecord({ data: rig.folder, folder: rig.gateway.recordFolder, now: Date.now, head });
    const who = { subject: ALICE.sub, email: ALICE.email, groups: [] };
    record.tell({ kind: 'session', session: id, who, connection: 'echo', protocol: 'tcp' });
    const action = { kind: 'statement' as const, text: 'delete from t', class: 'write' as const };
    await record.append({ kind: 'intent', session: id, number: 1, action, verdict: 'allow' }, 'process');
    await rig.serve();
    const laptop = rig.laptop();
    await laptop.login(rig.idp, ALICE);
    const found = await laptop.api().session({ id });
    expect(found).toMatchObject({ id, end: 'broken', statements: 1, record: [{ text: 'delete from t' }] });
    expect(found.endedAt).toBeDefined();
    await expect(laptop.api().session({ id: asked })).rejects.toMatchObject({ status: 404 });
    expect(await rig.audited('session-recovered')).toMatchObject([{ session: id }]);
    await rig.gateway.record.sync();
    expect(verifyRecord(rig.gateway.recordFolder).broken).toBeUndefined();
  });

  test('keeps logins, and what is disabled, over a restart', async () => {
    const alice = rig.laptop();
    await alice.login(rig.idp, ALICE);
    await rig.gateway.store.disable(ALICE.email, Date.now());
    await stopped();
    await rig.serve();
    const again = rig.laptop();
    again.issued = alice.issued;
    const link = await again.open(flowHead('echo', 7000));
    await link.until((it) => it.closed !== undefined);
    expect(link.closed?.code).toBe('identity-disabled');
  });

  describe('with a store that', () => {
    const store = () => join(rig.folder, 'store.db');
    const ruined = async (ruin: () => void) => {
      await stopped();
      const kept = readFileSync(store());
      ruin();
      const error = await rig.serve().then(
        () => new Error('started'),
        (reason) => reason,
      );
      expect(error).toMatchObject({
        code: 'store-damaged',
        message: expect.stringContaining(store()),
        hint: expect.stringContaining('restore'),
      });
      writeFileSync(store(), kept);
      await rig.serve();
    };

    test('was cut says which file and what to do', () =>
      ruined(() => truncateSync(store(), Math.floor(statSync(store()).size / 2))));
    test('is empty is not taken for a new one', () => ruined(() => truncateSync(store(), 0)));
    test('is gone, while the record is there, is not taken for a new one', () => ruined(() => rmSync(store())));
    test('is something else says so', () => ruined(() => writeFileSync(store(), 'hello '.repeat(5_000))));
  });

  test('a torn record goes on', async () => {
    await stopped();
    appendFileSync(join(rig.gateway.recordFolder, '00000001.jsonl'), '{"n":99,"at":17');
    await rig.serve();
    expect(await rig.audited('record-torn')).toHaveLength(1);
    await rig.gateway.record.sync();
    expect(verifyRecord(rig.gateway.recordFolder)).toMatchObject({ torn: 1, broken: undefined });
  });

  test('keys and store are for the gateway alone', () => {
    for (const name of ['ca/ca.key', 'record.key', 'store.db', 'gateway.sock'])
      expect([name, statSync(join(rig.folder, name)).mode & 0o077]).toEqual([name, 0]);
    expect(existsSync(join(rig.folder, 'record/head.json'))).toBe(true);
  });
});
