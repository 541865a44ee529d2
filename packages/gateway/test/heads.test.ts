import { createServer } from 'node:net';
import { FRAME, type Head, json } from '@hoop/contracts/uplink';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALICE, BOB, CAROL, flowHead, type Laptop, Link, type Person } from './laptop.js';
import { Rig } from './rig.js';

const HOUR = 3_600_000;

describe('a HEAD', () => {
  let rig: Rig;
  let alice: Laptop;
  beforeAll(async () => {
    rig = await Rig.start({ limits: { flowsPerPerson: 3 } });
    alice = rig.laptop();
    await alice.login(rig.idp, ALICE);
  });
  afterAll(() => rig.stop());

  const refused = async (laptop: Laptop, head: Head): Promise<Link> => {
    const before = rig.upstream.sockets.size;
    const link = await laptop.open(head);
    await link.until((it) => it.closed !== undefined && it.over);
    expect(rig.upstream.sockets.size).toBe(before);
    return link;
  };
  const someone = async (person: Person) => {
    const laptop = rig.laptop();
    await laptop.login(rig.idp, person);
    return laptop;
  };

  test.each([
    ['an unknown name', 'nope'],
    ['a path', '../../etc/passwd'],
    ['a path inside a name', 'echo/../hidden'],
    ['an absolute path', '/etc/passwd'],
    ['another case', 'ECHO'],
    ['a pattern', '*'],
    ['nothing', ''],
    ['a prototype key', '__proto__'],
    ['a method', 'constructor'],
    ['a NUL', 'echo\0'],
    ['a name with a line end', 'echo\n'],
  ])('for %s is refused like one that does not exist', async (_, name) => {
    const { closed, got } = await refused(alice, flowHead(name, 7000));
    expect(closed?.code).toBe('unknown-connection');
    expect(got).toEqual([]);
    expect((await rig.audited('flow-refused')).at(-1)).toMatchObject({ person: ALICE.email, connection: name });
  });

  test('for a hidden connection is refused in the words for an unknown one', async () => {
    const hidden = await refused(alice, flowHead('hidden', 7001));
    const unknown = await refused(alice, flowHead('gone', 7001));
    expect(hidden.closed).toEqual({ ...unknown.closed, message: unknown.closed?.message.replace('gone', 'hidden') });
  });

  test('for another port is refused, natively, whatever listens there', async () => {
    for (const port of [22, 7001, rig.upstream.port]) {
      const { closed } = await refused(alice, flowHead('echo', port));
      expect(closed).toMatchObject({ code: 'port-refused', hint: 'use port 7000' });
    }
    const native = await refused(alice, flowHead('pg-prod', 22));
    expect(Buffer.concat(native.got).toString('latin1')).toMatch(/^E.*FATAL.*28000/s);
    expect(native.ended).toBe(true);
  });

  test('of who only sees a connection is refused in its own protocol, with whom to ask', async () => {
    const bob = await someone(BOB);
    const link = await refused(bob, flowHead('pg-prod', 5432));
    const text = Buffer.concat(link.got).toString('latin1');
    expect(text).toMatch(/FATAL/);
    expect(text).toContain('bob@shop.example may not open pg-prod');
    expect(text).toContain('ask carol@shop.example (security)');
  });

  test('of a login that was logged out opens nothing, and its warm uplinks are ended', async () => {
    const carol = await someone(CAROL);
    const [first, second] = [await carol.dial(), await carol.dial()];
    expect(await carol.api().logout({})).toEqual({ ended: true });
    await expect(carol.api().connections({})).rejects.toMatchObject({ status: 401, code: 'login-required' });
    for (const socket of [first, second])
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve).resume());
    const { closed } = await refused(carol, flowHead('echo', 7000));
    expect(closed).toMatchObject({ code: 'login-required' });
  });

  test('after the certificate has expired, on a connection from before, is refused', async () => {
    const laptop = await someone(ALICE);
    const socket = await laptop.dial();
    rig.clock.ahead = 16 * 60_000;
    const link = new Link(socket);
    link.socket.write(json(FRAME.HEAD, flowHead('echo', 7000)));
    await link.until((it) => it.closed !== undefined);
    rig.clock.ahead = 0;
    expect(link.closed).toMatchObject({ code: 'login-required', message: 'the certificate has expired' });
  });

  test('past the lease is refused, though the certificate still holds', async () => {
    const laptop = await someone(ALICE);
    const login = laptop.issued?.loginId ?? '';
    await rig.gateway.store.extendLease(login, Date.now() - HOUR);
    const { closed } = await refused(laptop, flowHead('echo', 7000));
    expect(closed).toMatchObject({ code: 'login-required', message: 'the login was not renewed in time' });
  });

  test('beyond the flows a person may have at once is refused, until one ends', async () => {
    const laptop = await someone(ALICE);
    const links = await Promise.all([1, 2, 3].map(() => laptop.open(flowHead('echo', 7000))));
    for (const link of links) link.channel.send(Buffer.from('x'), true);
    await Promise.all(links.map((link) => link.until((it) => it.text === 'x')));
    const { closed } = await refused(laptop, flowHead('echo', 7000));
    expect(closed?.code).toBe('too-many');
    for (const link of links) link.channel.finish();
    await Promise.all(links.map((link) => link.until((it) => it.over)));
  });

  test('for an upstream that is down is told so by the gateway', async () => {
    const port = await freePort();
    const down = await Rig.start({
      connections: { echo: { protocol: 'tcp', host: '127.0.0.1', port, listen: 7000, tls: { mode: 'disable' } } },
    });
    const laptop = down.laptop();
    await laptop.login(down.idp, ALICE);
    const link = await laptop.open(flowHead('echo', 7000));
    link.channel.send(Buffer.from('x'), true);
    await link.until((it) => it.closed !== undefined);
    expect(link.closed?.code).toBe('upstream-unreachable');
    await down.stop();
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
