import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as plainConnect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { FRAME, frame, header, json } from '@hoop/contracts/uplink';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { certificateShown, type Shown } from '../src/identity/admission.js';
import { Authority } from '../src/identity/authority.js';
import { CLIENT, certificateOf } from '../src/identity/certificates.js';
import { sansOf } from '../src/identity/names.js';
import { ALICE, flowHead, type Laptop, Link } from './laptop.js';
import { Rig, temporary } from './rig.js';

const MINUTE = 60_000;

describe('the TLS port', () => {
  let rig: Rig;
  let laptop: Laptop;
  beforeAll(async () => {
    rig = await Rig.start();
    laptop = rig.laptop();
    await laptop.login(rig.idp, ALICE);
  });
  afterAll(() => rig.stop());

  const refusedWith = async (shown: object) => {
    const link = new Link(await laptop.dial(shown));
    link.socket.write(json(FRAME.HEAD, flowHead('echo', 7000)));
    await link.until((it) => it.closed !== undefined);
    await link.until((it) => it.over);
    expect(link.got).toEqual([]);
    return link.closed;
  };

  test.each([
    ['of another CA', async () => (await other()).pem, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to verify/i],
    [
      'that is our own server certificate',
      async () => await Authority.open(join(rig.folder, 'ca')).server(['localhost']),
      /INVALID_PURPOSE|purpose/i,
    ],
    ['that has expired', async () => forged({ notAfter: Date.now() - MINUTE }), /EXPIRED|expired/],
    ['of ours that names no login', async () => forged({ uris: ['hoop:login:zz'] }), /does not name a login/],
  ])('refuses a certificate %s, in the tunnel and in the API, on the record', async (_, make, why) => {
    const made = await make();
    const shown =
      typeof made === 'string' ? { cert: made, key: laptop.pair.privateKey } : { cert: made.cert, key: made.key };
    expect(await refusedWith(shown)).toMatchObject({ code: 'certificate', message: expect.stringMatching(why) });
    await expect(laptop.api(shown).connections({})).rejects.toMatchObject({ status: 401, code: 'login-required' });
    const audited = await rig.audited('uplink-refused');
    expect(audited.at(-1)).toMatchObject({ code: 'certificate', message: expect.stringMatching(why) });
  });

  test('refuses no certificate', async () => {
    expect(await refusedWith({ cert: undefined, key: undefined })).toMatchObject({ code: 'certificate' });
    await expect(laptop.api({}).connections({})).rejects.toMatchObject({ status: 401 });
  });

  test('a certificate of ours whose serial the store does not know opens nothing', async () => {
    const link = await laptop.open(flowHead('echo', 7000), { cert: forged({}), key: laptop.pair.privateKey });
    await link.until((it) => it.closed !== undefined);
    expect(link.closed?.code).toBe('login-required');
  });

  test('gives no ticket to resume with', async () => {
    const tickets: Buffer[] = [];
    const socket = await laptop.dial();
    socket.on('session', (ticket: Buffer) => tickets.push(ticket));
    const link = new Link(socket);
    socket.write(json(FRAME.HEAD, flowHead('echo', 7000)));
    link.channel.send(Buffer.from('x'), true);
    await link.until((it) => it.text === 'x');
    for (const session of [...tickets, socket.getSession()].filter((each) => each !== undefined)) {
      const again = await laptop.dial({ session });
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
    socket.destroy();
  });

  test('a resumed session would prove nothing, even if one were resumed', async () => {
    const { cert, key } = await Authority.open(join(rig.folder, 'ca')).server(['localhost']);
    const server = createServer({ cert, key, ca: rig.ca, requestCert: true, rejectUnauthorized: false });
    const shown: Shown[] = [];
    const both = new Promise<void>((resolve) => {
      server.on('secureConnection', (socket) => {
        shown.push(certificateShown(socket.on('error', () => undefined)));
        if (shown.length === 2) resolve();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const first = await laptop.dial({ port });
    const session = await new Promise<Buffer>((resolve) => first.once('session', resolve).resume());
    const second = await laptop.dial({ port, session });
    expect(second.isSessionReused()).toBe(true);
    await both;
    for (const socket of [first, second]) socket.destroy();
    server.close();
    expect(shown).toMatchObject([{ ok: true }, { ok: false, why: 'the TLS session was resumed' }]);
  });

  test('speaks TLS 1.3 only', async () => {
    await expect(laptop.dial({ maxVersion: 'TLSv1.2' })).rejects.toMatchObject({
      code: expect.stringMatching(/PROTOCOL_VERSION/),
    });
  });

  test('answers the API without ALPN too', async () => {
    expect(await laptop.api({}).health({})).toEqual({ status: 'ok' });
    expect(await laptop.api({}).discovery({})).toMatchObject({ name: 'shop', tunnel: [{ host: 'localhost' }] });
  });

  test('outlives random bytes in place of TLS', async () => {
    for (const bytes of [
      Buffer.alloc(3000, 0x16),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0x16, 3, 1, 255, 255]),
    ]) {
      const socket = plainConnect(rig.gateway.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.end(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(await laptop.api({}).health({})).toEqual({ status: 'ok' });
  });

  test.each([
    ['random bytes', Buffer.from('9f3c77aa00112233445566778899', 'hex')],
    ['an overlong claim, of which nothing is held', Buffer.from(header(FRAME.DATA, 0xffffff))],
    ['a HEAD longer than any', Buffer.from(header(FRAME.HEAD, 5000))],
    ['a HEAD that is not JSON', Buffer.from(frame(FRAME.HEAD, Buffer.from('{')))],
    ['a HEAD with a key of its own', Buffer.from(json(FRAME.HEAD, { ...flowHead('echo', 7000), admin: true }))],
    ['DATA before HEAD', Buffer.from(frame(FRAME.DATA, Buffer.from('x')))],
    ['FIN before HEAD', Buffer.from(frame(FRAME.FIN, Buffer.alloc(8)))],
    ['two HEADs', Buffer.concat([json(FRAME.HEAD, { kind: 'sync' }), json(FRAME.HEAD, { kind: 'sync' })])],
    ['an EPITAPH', Buffer.concat([json(FRAME.HEAD, { kind: 'sync' }), frame(FRAME.EPITAPH, Buffer.from('x'))])],
  ])('ends an uplink that sends %s, and only that one', async (_, bytes) => {
    const link = new Link(await laptop.dial());
    link.socket.write(bytes);
    await link.until((it) => it.closed !== undefined);
    expect(link.closed?.code).toBe('protocol');
    await link.until((it) => it.over);
    expect(await laptop.api({}).health({})).toEqual({ status: 'ok' });
  });

  test('a HEAD must be whole 10 s after its first byte; a warm uplink may wait longer', async () => {
    const warm = new Link(await laptop.dial());
    const slow = new Link(await laptop.dial());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    slow.socket.write(header(FRAME.HEAD, 100));
    await laptop.api({}).health({});
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    await slow.until((it) => it.closed !== undefined);
    expect(slow.closed?.message).toMatch(/10 seconds/);
    warm.socket.write(json(FRAME.HEAD, flowHead('echo', 7000)));
    warm.channel.send(Buffer.from('still here'), true);
    await warm.until((it) => it.text === 'still here');
    warm.socket.destroy();
  });

  test('strangers do not fill the record: beyond a pace they are counted', async () => {
    const before = (await rig.audited('uplink-refused')).length;
    for (let n = 0; n < 500; n += 1) rig.gateway.audit({ event: 'uplink-refused', code: 'certificate' });
    rig.clock.ahead += 1_500;
    rig.gateway.tick();
    const lines = (await rig.audited('uplink-refused')).slice(before);
    rig.clock.ahead = 0;
    expect(lines.length).toBeLessThan(150);
    const more = lines.flatMap((line) => (line.code === 'flood' ? [Number.parseInt(String(line.message), 10)] : []));
    expect(more.reduce((sum, n) => sum + n, lines.length - more.length)).toBe(500);
  });

  async function other(): Promise<{ pem: string }> {
    const authority = await Authority.create(join(temporary(), 'ca'), 'evil');
    const { loginId = '' } = laptop.issued ?? {};
    return authority.client({
      publicKeyPem: laptop.pair.publicKey,
      email: ALICE.email,
      subject: ALICE.sub,
      loginId,
      now: Date.now(),
    });
  }

  /** By our CA's own key, as nobody but the gateway can. */
  function forged(with_: { notAfter?: number; uris?: string[] }): string {
    const folder = join(rig.folder, 'ca');
    const key = createPrivateKey(readFileSync(join(folder, 'ca.key')));
    const { loginId = '' } = laptop.issued ?? {};
    const notAfter = with_.notAfter ?? Date.now() + 10 * MINUTE;
    return certificateOf({
      commonName: ALICE.email,
      publicKeyPem: laptop.pair.publicKey,
      issuer: { commonName: 'hoop test CA', key },
      notBefore: new Date(notAfter - 15 * MINUTE),
      notAfter: new Date(notAfter),
      extensions: CLIENT(with_.uris ?? sansOf({ loginId, subject: ALICE.sub })),
    }).pem;
  }
});
