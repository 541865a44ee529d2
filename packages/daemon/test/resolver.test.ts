import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { Packet } from 'dns2';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answer, fit, type Zone } from '../src/resolver/answer.js';
import { Resolver } from '../src/resolver/resolver.js';

const ADDRESSES = new Map([
  ['pg-prod', '127.77.4.3'],
  ['pg-prod.acme', '127.77.4.4'],
]);
const zone: Zone = {
  subnet: 4,
  addressOf: (name) => ADDRESSES.get(name),
  isAbove: (name) => name === 'acme',
  nameOf: (address) => (address === '127.77.4.3' ? 'pg-prod' : undefined),
};
const A = 1;
const SOA = 6;
const PTR = 12;
const AAAA = 28;
const HTTPS = 65;
const OPT = 41;

interface Asked {
  type?: number;
  flags?: number;
  opt?: { version: number; size: number };
  class?: number;
}
function query(name: string, { type = A, flags = 0x0100, opt, class: kind = 1 }: Asked = {}): Buffer {
  const head = Buffer.from([0x12, 0x34, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, opt === undefined ? 0 : 1]);
  const labels = name.split('.').filter(Boolean);
  const question = Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0, type >> 8, type & 255, 0, kind]),
  ]);
  const record = opt && Buffer.from([0, 0, OPT, opt.size >> 8, opt.size & 255, 0, opt.version, 0, 0, 0, 0]);
  return Buffer.concat([head, question, record ?? Buffer.alloc(0)]);
}
const ask = (name: string, asked?: Asked) => Packet.parse(answer(query(name, asked), zone, 'udp')!);
const rcode = (reply: Buffer | undefined) => (reply === undefined ? undefined : reply[3]! & 15);

describe('what the resolver says', () => {
  test('a name that is bound: its address, authoritative, for five seconds at most', () => {
    const reply = ask('pg-prod.hoop');
    expect(reply.header).toMatchObject({ id: 0x1234, qr: 1, aa: 1, rd: 1, ra: 0, tc: 0, rcode: 0 });
    expect(reply.answers).toMatchObject([{ name: 'pg-prod.hoop', type: A, address: '127.77.4.3', ttl: 5 }]);
    expect(reply.additionals).toEqual([]);
  });

  test('a profile’s longer name; the profile itself is no data, since names are below it', () => {
    expect(ask('pg-prod.acme.hoop').answers).toMatchObject([{ type: A, address: '127.77.4.4' }]);
    const above = ask('acme.hoop');
    expect(above.header.rcode).toBe(0);
    expect(above.answers).toEqual([]);
    expect(above.authorities).toHaveLength(1);
    expect(ask('pg-dev.acme.hoop').header.rcode).toBe(3);
    expect(ask('a.pg-prod.acme.hoop').header.rcode).toBe(3);
  });

  test('the letters of the question come back as they were (0x20)', () => {
    const reply = ask('pG-pRoD.hOoP');
    expect(reply.questions[0]?.name).toBe('pG-pRoD.hOoP');
    expect(reply.answers).toHaveLength(1);
  });

  test.each([
    ['AAAA', AAAA],
    ['HTTPS', HTTPS],
    ['PTR', PTR],
  ])('%s of a name: no data, with SOA', (_, type) => {
    const reply = ask('pg-prod.hoop', { type });
    expect(reply.header.rcode).toBe(0);
    expect(reply.answers).toEqual([]);
    expect(reply.authorities).toMatchObject([{ name: 'hoop', type: SOA, ttl: 5, minimum: 5 }]);
  });

  test('an unknown name: NXDOMAIN with SOA', () => {
    for (const name of ['nope.hoop', 'a.pg-prod.hoop', 'constructor.hoop']) {
      const reply = ask(name);
      expect(reply.header.rcode).toBe(3);
      expect(reply.authorities).toMatchObject([{ name: 'hoop', type: SOA, minimum: 5 }]);
    }
  });

  test.each(['example.com', 'hoop.example.com', 'xhoop', '', '3.4.78.127.in-addr.arpa', '3.5.77.127.in-addr.arpa'])(
    '%s is not ours: REFUSED, nothing added',
    (name) => {
      const reply = ask(name, { type: name.endsWith('arpa') ? PTR : A });
      expect(reply.header).toMatchObject({ rcode: 5, aa: 0 });
      expect([...reply.answers, ...reply.authorities]).toEqual([]);
    },
  );

  test('the apex has an SOA and no address', () => {
    expect(ask('hoop', { type: SOA }).answers).toMatchObject([{ type: SOA }]);
    expect(ask('hoop').answers).toEqual([]);
    expect(ask('hoop').header.rcode).toBe(0);
  });

  test('our addresses have names; others of our /24 have none', () => {
    expect(ask('3.4.77.127.in-addr.arpa', { type: PTR }).answers).toMatchObject([{ domain: 'pg-prod.hoop' }]);
    expect(ask('9.4.77.127.in-addr.arpa', { type: PTR }).header.rcode).toBe(3);
    expect(ask('4.77.127.in-addr.arpa', { type: PTR }).header.rcode).toBe(0);
  });

  test('another class is REFUSED', () => {
    expect(ask('pg-prod.hoop', { class: 3 }).header.rcode).toBe(5);
  });

  test('EDNS is answered with OPT; a later version with BADVERS', () => {
    const plain = ask('pg-prod.hoop', { opt: { version: 0, size: 4096 } });
    expect(plain.additionals).toMatchObject([{ type: OPT, class: 1232 }]);
    expect(plain.answers).toHaveLength(1);
    const later = ask('pg-prod.hoop', { opt: { version: 1, size: 4096 } });
    expect(later.header.rcode).toBe(16);
    expect(later.answers).toEqual([]);
  });

  test('what is no plain query is refused by its header, or dropped', () => {
    const plain = query('pg-prod.hoop');
    expect(answer(query('pg-prod.hoop', { flags: 0x8100 }), zone, 'udp')).toBeUndefined();
    expect(answer(plain.subarray(0, 11), zone, 'udp')).toBeUndefined();
    expect(answer(Buffer.concat([plain, Buffer.alloc(5000)]), zone, 'udp')).toBeUndefined();
    expect(rcode(answer(query('pg-prod.hoop', { flags: 0x2900 }), zone, 'udp'))).toBe(4);
    const counts = Buffer.from(plain);
    counts.fill(0xff, 4, 12);
    expect(rcode(answer(counts, zone, 'udp'))).toBe(1);
    const two = Buffer.from(plain);
    two[5] = 2;
    expect(rcode(answer(two, zone, 'udp'))).toBe(1);
  });

  test('a dot inside a label is no other name, a pointer in a question is none', () => {
    const dotted = Buffer.concat([query('').subarray(0, 12), Buffer.from('\x0cpg-prod.hoop\0\0\x01\0\x01', 'latin1')]);
    expect(rcode(answer(dotted, zone, 'udp'))).toBe(1);
    const pointer = Buffer.concat([query('').subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
    expect(rcode(answer(pointer, zone, 'udp'))).toBe(1);
  });

  test('a reply that is too long is cut to its header, and says so', () => {
    const reply = answer(query('pg-prod.hoop'), zone, 'udp')!;
    expect(fit(reply, 512)).toBe(reply);
    const short = fit(reply, 20);
    expect(short.length).toBe(12);
    expect(short[2]! & 0x02).toBe(0x02);
  });

  test('random bytes never break it, and never get an address', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, valid) => {
        const message = Buffer.from(bytes);
        if (valid && message.length >= 12) query('').copy(message, 2, 2, 12);
        const reply = answer(message, zone, 'udp');
        expect(reply === undefined || Packet.parse(reply).answers.length === 0).toBe(true);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  test('a name of 255 octets fits without EDNS', () => {
    const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(56)}.hoop`;
    const reply = answer(query(long), zone, 'udp')!;
    expect(rcode(reply)).toBe(3);
    expect(reply.length).toBeLessThanOrEqual(512);
  });
});

describe('on its sockets', () => {
  let resolver: Resolver;
  let address: net.AddressInfo;
  beforeEach(async () => {
    const tcp = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    address = tcp.address() as net.AddressInfo;
    const { address: at, port } = address;
    resolver = new Resolver(zone, { server: tcp, address: at, port });
    expect(await resolver.bind({ address: at, port })).toEqual([]);
  });
  afterEach(() => resolver.close());

  async function overUdp(...messages: Buffer[]): Promise<Buffer> {
    const socket = createSocket('udp4');
    for (const message of messages) socket.send(message, address.port, address.address);
    const [reply] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    return reply;
  }

  test('UDP: random packets before a question change nothing', async () => {
    const noise = Array.from({ length: 50 }, (_, i) => randomBytes(i < 25 ? i : 400 + i));
    for (const packet of noise) if (packet.length > 2) packet[2]! |= 0x80;
    const reply = await overUdp(...noise, query('pg-prod.hoop'));
    expect(Packet.parse(reply).answers).toMatchObject([{ address: '127.77.4.3' }]);
    expect(resolver.answered).toBe(1);
  });

  test('UDP: a packet from port 0 is not answered', () => {
    // No socket API sends from port 0; what a raw socket could send arrives as this event.
    expect(() => resolver.datagram(query('pg-prod.hoop'), { address: '127.0.0.1', port: 0 })).not.toThrow();
    expect(resolver.answered).toBe(0);
  });

  const framed = (message: Buffer) =>
    Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);

  test('TCP: several questions in pieces of one byte, answered in order', async () => {
    const socket = net.connect(address.port, address.address);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (const byte of Buffer.concat([framed(query('pg-prod.hoop')), framed(query('nope.hoop'))])) {
      socket.write(Buffer.from([byte]));
    }
    socket.end();
    await once(socket, 'end');
    const all = Buffer.concat(chunks);
    const first = all.readUInt16BE(0);
    expect(Packet.parse(all.subarray(2, 2 + first)).answers).toMatchObject([{ address: '127.77.4.3' }]);
    expect(Packet.parse(all.subarray(4 + first)).header.rcode).toBe(3);
  });

  test.each([
    ['random bytes', Buffer.from('ffff00112233', 'hex')],
    ['a length that nobody needs', Buffer.from([0xff, 0xff])],
    ['an answer', framed(query('pg-prod.hoop', { flags: 0x8000 }))],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ])('TCP: %s closes the connection without a word', async (_, bytes) => {
    const socket = net.connect(address.port, address.address);
    let got = 0;
    socket.on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
    socket.on('error', () => {});
    socket.write(bytes);
    await once(socket, 'close');
    expect(got).toBe(0);
    expect(Packet.parse(await overUdp(query('pg-prod.hoop'))).answers).toHaveLength(1);
  });

  test('TCP: no more than 64 at once, and the others go on', async () => {
    const sockets = Array.from({ length: 70 }, () => net.connect(address.port, address.address).on('error', () => {}));
    const dropped = await Promise.any(sockets.map((socket) => once(socket, 'close').then(() => true)));
    expect(dropped).toBe(true);
    expect(Packet.parse(await overUdp(query('pg-prod.hoop'))).answers).toHaveLength(1);
    for (const socket of sockets) socket.destroy();
  });

  test('TCP: whoever keeps many open and says nothing does not shut the others out', async () => {
    const silent = Array.from({ length: 64 }, () => net.connect(address.port, address.address).on('error', () => {}));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const asker = net.connect(address.port, address.address);
    asker.write(framed(query('pg-prod.hoop')));
    const [reply] = (await once(asker, 'data')) as [Buffer];
    expect(Packet.parse(reply.subarray(2)).answers).toHaveLength(1);
    for (const socket of [...silent, asker]) socket.destroy();
  });

  test('what somebody else holds is told by transport, and taken once it is free', async () => {
    const place = { address: '127.0.0.2', port: address.port };
    const udp = createSocket('udp4');
    udp.bind(place.port, place.address);
    await once(udp, 'listening');
    expect(await resolver.bind(place)).toEqual([{ transport: 'udp', why: 'EADDRINUSE' }]);
    expect(resolver.place).toBeUndefined();
    const tcp = net.createServer();
    tcp.listen(place.port, '127.0.0.3');
    await once(tcp, 'listening');
    await new Promise<void>((closed) => udp.close(closed));
    expect(await resolver.bind(place)).toEqual([]);
    expect(resolver.place).toEqual(place);
    // What was bound before is still there to be left to nobody, and answers; the last place is free again.
    expect(await resolver.bind({ ...place, address: '127.0.0.3' })).toEqual([{ transport: 'tcp', why: 'EADDRINUSE' }]);
    tcp.close();
    const again = createSocket('udp4');
    again.bind(place.port, place.address);
    await once(again, 'listening');
    again.close();
  });
});
