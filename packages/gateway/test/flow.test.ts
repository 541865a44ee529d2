import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALICE, BOB, flowHead } from './laptop.js';
import { Rig } from './rig.js';

describe('a flow', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  test('goes from login to the upstream and back, and ends in order', async () => {
    const laptop = rig.laptop();
    const issued = await laptop.login(rig.idp, ALICE);
    expect(issued.identity).toEqual({ subject: 'u-alice', email: ALICE.email, groups: ['dba'] });
    const link = await laptop.open(flowHead('echo', 7000));
    link.channel.send(Buffer.from('hello'), true);
    await link.until((it) => it.text === 'hello');
    link.channel.finish();
    await link.until((it) => it.ended && it.over);
    expect(link.closed).toBeUndefined();
    const [session] = await laptop.api().sessions({});
    expect(session).toMatchObject({ person: ALICE.email, connection: 'echo', end: 'client', bytesIn: 5, bytesOut: 5 });
  });

  test('who may not open it is told whom to ask, on the record', async () => {
    const laptop = rig.laptop();
    await laptop.login(rig.idp, BOB);
    const link = await laptop.open(flowHead('echo', 7000));
    await link.until((it) => it.closed !== undefined);
    expect(link.closed).toEqual({
      code: 'not-granted',
      message: 'bob@shop.example may not open echo',
      hint: 'ask carol@shop.example (security)',
    });
    const [audited] = (await rig.audited('flow-refused')).filter((line) => line.person === BOB.email);
    expect(audited).toMatchObject({ code: 'not-granted', connection: 'echo', port: 7000 });
  });
});
