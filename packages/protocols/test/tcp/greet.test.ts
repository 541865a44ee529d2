import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { GreetingStep, Own } from '@hoop/core';
import { describe, expect, test } from 'vitest';
import { greetTcp } from '../../src/tcp/greet.js';

const own: Own = { names: ['thing.hoop', 'thing.acme.hoop'], address: '127.77.1.2', port: 9000 };
const bytes = (text: string) => Buffer.from(text, 'latin1');
const look = (text: string | Uint8Array, where: Own | undefined = own) =>
  greetTcp.look(typeof text === 'string' ? bytes(text) : text, 'none', where);

/** `open`, of a browser's `again`, the reply's status; of what is held, what it will be: `late open`. */
function told(step: GreetingStep): string {
  if (step.step === 'open') return step.follow ? 'again' : 'open';
  if (step.step === 'reject') return /^HTTP\/1.1 (\d+)/.exec(Buffer.from(step.bytes ?? '').toString())?.[1] ?? 'reject';
  return step.step === 'need' && step.late !== undefined ? `late ${told(step.late.step)}` : step.step;
}

const ask = (more: readonly string[], line = 'GET / HTTP/1.1') => `${[line, ...more].join('\r\n')}\r\n\r\n`;
const OWN_HOST = 'Host: thing.hoop:9000';
const BROWSER = 'User-Agent: Mozilla/5.0 (X11; Linux x86_64)';

describe('an HTTP request', () => {
  test.each([
    ['by name', [OWN_HOST, 'User-Agent: curl/8'], 'open'],
    ['by its long name, in upper case, with a dot', ['HOST: THING.ACME.HOOP.:9000'], 'open'],
    ['without the port', ['host: thing.hoop'], 'open'],
    ['by address', ['Host:127.77.1.2:9000'], 'open'],
    ['of its own page', [OWN_HOST, BROWSER, 'Origin: http://thing.hoop:9000'], 'again'],
    ['from a link on its own page', [OWN_HOST, BROWSER, 'referer: http://127.77.1.2:9000/a?b'], 'again'],
    ['typed by a person', ['Host: 127.77.1.2:9000', BROWSER, 'Sec-Fetch-Site: none'], 'again'],
    ['by address from its own page', ['Host: 127.77.1.2:9000', BROWSER, 'Sec-Fetch-Site: same-origin'], 'again'],
  ])('%s passes', (_, fields, as) => {
    expect(told(look(ask(fields)))).toBe(as);
  });

  test.each([
    ['by an attacker’s name', ['Host: evil.example:9000'], '421'],
    ['by another connection’s name', ['Host: other.hoop:9000'], '421'],
    ['by a name that ends alike', ['Host: evil-thing.hoop'], '421'],
    ['by a name that begins alike', ['Host: thing.hoop.evil.example'], '421'],
    ['with a user in its host', ['Host: thing.hoop@evil.example'], '421'],
    ['for another port', ['Host: thing.hoop:9001'], '421'],
    ['for no host', ['Accept: */*'], '421'],
    ['for an empty host', ['Host:'], '421'],
    ['for two hosts', [OWN_HOST, 'Host: evil.example'], '421'],
    ['for one host twice', [OWN_HOST, OWN_HOST], '421'],
    ['with a folded line', ['Host: evil.example', ` ${OWN_HOST}`], '421'],
    ['with a blank before the colon', ['Host : thing.hoop:9000'], '421'],
    ['with a bare CR', [`X: a\r${OWN_HOST}`], '421'],
    ['of another site', [OWN_HOST, 'Origin: http://evil.example'], '403'],
    ['of nobody', [OWN_HOST, 'Origin: null'], '403'],
    ['of two origins', [OWN_HOST, 'Origin: http://thing.hoop:9000', 'Origin: http://evil.example'], '403'],
    ['of another port of this host', [OWN_HOST, 'Origin: http://thing.hoop'], '403'],
    ['of another connection', [OWN_HOST, 'Origin: http://other.hoop:9000'], '403'],
    ['of an extension', [OWN_HOST, 'Origin: chrome-extension://abc'], '403'],
    ['across sites', ['Host: 127.77.1.2', 'Sec-Fetch-Site: cross-site'], '403'],
    ['of another port of this address', ['Host: 127.77.1.2', 'Sec-Fetch-Site: same-site'], '403'],
    ['from a link elsewhere', [OWN_HOST, 'Referer: http://evil.example/'], '403'],
    ['of a page that keeps to itself who it is', [OWN_HOST, BROWSER, 'Upgrade-Insecure-Requests: 1'], '403'],
  ])('%s is answered and goes nowhere', (_, fields, status) => {
    expect(told(look(ask(fields)))).toBe(status);
  });

  test.each([
    ['http://thing.hoop:9000/a', 'open'],
    ['http://evil.example/', '421'],
    ['evil.example:9000', '421'],
    ['*', 'open'],
  ])('for the target %s: %s', (target, as) => {
    expect(told(look(ask([OWN_HOST], `OPTIONS ${target} HTTP/1.1`)))).toBe(as);
  });

  test('by any method that a page makes up, also HTTP/1.0 without a host', () => {
    for (const line of ['canary /x HTTP/1.1', 'PRI /x HTTP/1.1', "!#$%&'*+-.^_`|~ / HTTP/1.1", 'GET / HTTP/2.7'])
      expect(told(look(ask(['Host: evil.example'], line)))).toBe('421');
    expect(told(look('GET / HTTP/1.0\r\n\r\n'))).toBe('421');
  });

  test.each([
    ['without a body', [], ''],
    ['with a length', ['Content-Length: 12'], 'GET / HTTP/1'],
    ['in chunks', ['Transfer-Encoding: Chunked'], '5;x=y\r\nGET /\r\nC\r\n HTTP/1.1\r\n\r\r\n0\r\nX: y\r\n\r\n'],
    ['in no chunk', ['Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ])('of a browser %s ends where it ends, wherever it is split', (_, fields, body) => {
    const all = bytes(ask([OWN_HOST, 'Sec-Fetch-Site: same-origin', ...fields]) + body);
    const next = bytes('PUT / HTTP/1.1');
    for (let n = 1; n <= all.length; n++) {
      const step = look(all);
      const follow = step.step === 'open' ? step.follow! : expect.unreachable();
      expect(follow(all.subarray(0, n))).toBe(n);
      expect([n, follow(Buffer.concat([all.subarray(n), next]))]).toEqual([n, all.length - n]);
      expect(follow(next)).toBe(0);
    }
  });

  test.each([
    ['Content-Length: 1', 'Content-Length: 1'],
    ['Content-Length: 1, 1'],
    ['Content-Length: -1'],
    ['Content-Length: 1', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  ])('of a browser that nobody knows the end of is none: %s %s', (...fields) => {
    expect(told(look(ask([OWN_HOST, 'Sec-Fetch-Site: same-origin', ...fields])))).toBe('421');
    expect(told(look(ask([OWN_HOST, ...fields])))).toBe('open');
  });

  test.each(['x\r\n', '5\r\nGET /\r\nzz\r\n', `${'0'.repeat(20_000)}`])(
    'of a browser with bad chunks has ended',
    (body) => {
      const head = ask([OWN_HOST, 'Sec-Fetch-Site: same-origin', 'Transfer-Encoding: chunked']);
      const step = look(head);
      const follow = step.step === 'open' ? step.follow! : expect.unreachable();
      follow(bytes(head + body));
      expect(follow(bytes('PUT'))).toBe(0);
    },
  );

  test('is the first that counts, whatever is sent behind it', () => {
    expect(told(look(ask([OWN_HOST]) + ask(['Host: evil.example'])))).toBe('open');
    expect(told(look(ask(['Host: evil.example']) + ask([OWN_HOST])))).toBe('421');
  });

  test('ends its lines as it likes', () => {
    expect(told(look('GET / HTTP/1.1\nHost: thing.hoop\n\n'))).toBe('open');
    expect(told(look('GET / HTTP/1.1\nHost: evil.example\n\n'))).toBe('421');
  });

  test('is held whole, wherever it is split, and never passes late', () => {
    for (const [fields, as] of [
      [[OWN_HOST, 'Accept: */*'], 'open'],
      [['Host: evil.example', BROWSER], '421'],
    ] as const) {
      const all = ask(fields);
      for (let n = 1; n < all.length; n++) expect([n, told(look(all.slice(0, n)))]).toEqual([n, 'late 421']);
      expect(told(look(all))).toBe(as);
    }
  });

  test('has a head of 16 KiB at most, a target and a method too', () => {
    const much = 'a'.repeat(16_384);
    for (const begun of [`GET / HTTP/1.1\r\n${OWN_HOST}\r\nX: ${much}`, `GET /${much}`, much])
      expect(told(look(begun))).toBe('421');
    expect(told(look(ask([OWN_HOST, `X: ${'a'.repeat(16_000)}`])))).toBe('open');
  });

  test('nobody’s own: refused', () => {
    expect(told(greetTcp.look(bytes(ask([OWN_HOST])), 'none'))).toBe('421');
    expect(told(look(ask(['Host: ']), { names: [], address: '', port: 0 }))).toBe('421');
  });

  test('is told no word of the attacker’s', () => {
    const step = look(ask(['Host: evil.example'], 'GET /<script> HTTP/1.1'));
    const said = Buffer.from((step.step === 'reject' && step.bytes) || '').toString();
    expect(said).toBe(
      'HTTP/1.1 421 Misdirected Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 40\r\n' +
        'Connection: close\r\n\r\nhoop: this port is thing.hoop’s alone\n',
    );
  });
});

describe('what is no request goes on at once', () => {
  test.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'],
    ['Redis', '*1\r\n$4\r\nPING\r\n'],
    ['Redis, by hand', 'GET hello\r\n'],
    ['memcached', 'get /a\r\n'],
    ['IMAP', 'a1 LOGIN bob x\r\n'],
    ['SMTP', 'EHLO bob.example\r\n'],
    ['RTSP', 'DESCRIBE rtsp://cam/1 RTSP/1.0\r\n'],
    ['SIP', 'INVITE sip:bob@x SIP/2.0\r\n'],
    ['ZooKeeper, by hand', 'ruok\n'],
    ['AMQP', 'AMQP\0\0\x09\x01'],
    ['JSON', '{"a":1}'],
    ['PostgreSQL', '\0\0\0\x08\x04\xd2\x16\x2f'],
    ['Kafka', '\0\0\0\x14\0\x12\0\0\0\0\0\x01\0\x04test'],
    ['Modbus', '\0\x01\0\0\0\x06\x01\x03\0\0\0\x01'],
    ['SOCKS', '\x05\x01\0'],
    ['RDP', '\x03\0\0\x13\x0e\xe0\0\0'],
    ['an empty line', '\r\n'],
    ['gRPC without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04'],
  ])('%s', (_, text) => {
    expect(told(look(text))).toBe('open');
  });

  test('a word that may become anything waits shortly', () => {
    expect(told(look('ruok'))).toBe('late open');
    expect(told(look('\x05'))).toBe('late open');
    expect(told(look('PRI * HTTP/2.0\r\n\r\nS'))).toBe('late 421');
  });
});

describe('WebRTC of a page', () => {
  const binding = '\0\x01\0\x08\x21\x12\xa4\x42123456789012\0\x06\0\x04evil';
  const framed = `\0${String.fromCharCode(binding.length)}${binding}`;
  const turn = '\0\x03\0\x08\x21\x12\xa4\x42123456789012\0\x19\0\x04\x06\0\0\0';

  test.each([binding, framed, turn, '\x80\x46\x01\x03\x01\0\x2d'])('goes nowhere, wherever it is split', (text) => {
    expect(told(look(text))).toBe('reject');
    expect(told(look(text.slice(0, 1)))).toBe('late open');
    expect(told(look(text.slice(0, 4)))).toBe('late open');
  });
});

describe('a TLS handshake', () => {
  /** What Node’s client sends first. */
  async function hello(servername: string): Promise<Buffer> {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const arrived = once(server, 'connection');
    const client = tls.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', servername });
    client.on('error', () => {});
    const [socket] = (await arrived) as [net.Socket];
    const [sent] = (await once(socket, 'data')) as [Buffer];
    client.destroy();
    socket.destroy();
    server.close();
    return sent;
  }
  /** The same with one extension more. */
  function with_(sent: Buffer, type: number): Buffer {
    const more = Buffer.from(sent);
    const at = 5 + 4 + 2 + 32;
    const ciphers = at + 1 + more[at]!;
    const extensions = ciphers + 2 + more.readUInt16BE(ciphers) + 2;
    const all = Buffer.concat([more, Buffer.from([type >> 8, type & 255, 0, 0])]);
    all.writeUInt16BE(all.readUInt16BE(3) + 4, 3);
    all.writeUInt16BE(all.readUInt16BE(7) + 4, 7);
    all.writeUInt16BE(all.readUInt16BE(extensions) + 4, extensions);
    return all;
  }

  test('of a program passes, by whatever name: it may verify an upstream by its own', async () => {
    expect(told(look(await hello('thing.hoop')))).toBe('open');
    expect(told(look(await hello('Thing.ACME.hoop')))).toBe('open');
    expect(told(look(await hello('')))).toBe('open');
    expect(told(look(await hello('db.internal.example')))).toBe('open');
  });

  test('of a browser goes nowhere, since nobody sees whose page made it', async () => {
    for (const mark of [0x0a0a, 0xfafa, 0xfe0d, 0x22]) {
      expect(told(look(with_(await hello('thing.hoop'), mark)))).toBe('reject');
      expect(told(look(with_(await hello(''), mark)))).toBe('reject');
      expect(told(look(with_(await hello('evil.example'), mark)))).toBe('reject');
    }
    expect(told(look(with_(await hello(''), 0x0a1a)))).toBe('open');
    // As its first cipher suite alone: behind the version, the random and the session's id, and their number.
    const ciphered = await hello('thing.hoop');
    const suites = 5 + 4 + 2 + 32 + 1 + ciphered[5 + 4 + 2 + 32]! + 2;
    ciphered.writeUInt16BE(0x0a1a, suites);
    expect(told(look(ciphered))).toBe('open');
    ciphered.writeUInt16BE(0x0a0a, suites);
    expect(told(look(ciphered))).toBe('reject');
  });

  test('is held whole, wherever it is split, also into records', async () => {
    const sent = with_(await hello('evil.example'), 0x0a0a);
    for (let n = 1; n < sent.length; n++) expect([n, told(look(sent.subarray(0, n)))]).toEqual([n, 'late reject']);
    const record = (part: Buffer) => Buffer.concat([Buffer.from([0x16, 3, 1, 0, part.length]), part]);
    const pieces: Buffer[] = [];
    for (let at = 5; at < sent.length; at += 100) pieces.push(record(sent.subarray(at, at + 100)));
    expect(told(look(Buffer.concat(pieces)))).toBe('reject');
  });

  test('what only begins like one goes on', () => {
    expect(told(look('\x16hello'))).toBe('open');
    expect(told(look('\x16\x03\x01\0\x04\x02\0\0\0'))).toBe('open');
    expect(told(look('\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03'))).toBe('open');
  });
});
