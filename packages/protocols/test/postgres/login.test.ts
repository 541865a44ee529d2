import { createHash } from 'node:crypto';
import type { ConnectEffect, Dialled } from '@hoop/core';
import { describe, expect, test } from 'vitest';
import { cancel, connect, type UpstreamGreeting } from '../../src/postgres/connect.js';
import { md5Password } from '../../src/postgres/login/md5.js';
import { saslprep } from '../../src/postgres/login/saslprep.js';
import { bindingFor, Scram } from '../../src/postgres/login/scram.js';
import { ScramServer } from './scram-server.js';
import * as w from './wire.js';

const PLAIN = { mechanism: 'SCRAM-SHA-256', able: false } as const;

describe('SCRAM-SHA-256', () => {
  const nonce = 'rOprNGfwEbeRWgbNEkqO';
  const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  const fresh = () => new Scram('pencil', PLAIN, 'user', nonce);

  test('the vector of RFC 7677 section 3', () => {
    const scram = fresh();
    expect(scram.first).toBe(`n,,n=user,r=${nonce}`);
    expect(scram.answer(serverFirst)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    );
    scram.verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
    expect(scram.verified).toBe(true);
  });

  test.each([
    ['a nonce that is not ours', serverFirst.replace('rOpr', 'xOpr')],
    ['a nonce that is only ours', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['0 iterations', serverFirst.replace('i=4096', 'i=0')],
    ['negative iterations', serverFirst.replace('i=4096', 'i=-1')],
    ['100,001 iterations', serverFirst.replace('i=4096', 'i=100001')],
    ['2^31 iterations', serverFirst.replace('i=4096', 'i=2147483648')],
    ['iterations that are no number', serverFirst.replace('i=4096', 'i=4e3')],
    ['no salt', `r=${nonce}x,s=,i=4096`],
    ['a mandatory extension', `m=x,${serverFirst}`],
    ['an error', 'e=other-error'],
  ])('refuses %s', (_, message) => {
    expect(() => fresh().answer(message)).toThrow(/SCRAM/);
  });

  test.each(['v=AAAA', 'v=', 'e=invalid-proof', `v=${Buffer.alloc(32).toString('base64')}`, ''])(
    'does not believe %s',
    (final) => {
      const scram = fresh();
      scram.answer(serverFirst);
      expect(() => scram.verify(final)).toThrow();
      expect(scram.verified).toBe(false);
    },
  );

  test('nothing is believed before there was a first message', () => {
    expect(() => fresh().verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toThrow();
  });

  test('without a certificate there is no binding; a downgrade is told by y', () => {
    expect(bindingFor(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], undefined)).toEqual(PLAIN);
    expect(bindingFor(['SCRAM-SHA-256-PLUS'], undefined)).toBeUndefined();
    expect(bindingFor(['OTHER'], undefined)).toBeUndefined();
    expect(new Scram('p', { mechanism: 'SCRAM-SHA-256', able: true }).first).toMatch(/^y,,n=,r=/);
  });
});

describe('SASLprep', () => {
  test.each([
    ['ASCII is as it is', 'pencil !~', 'pencil !~'],
    ['soft hyphen goes (RFC 4013 section 3)', 'I\u00adX', 'IX'],
    ['no case folding', 'USER', 'USER'],
    ['NFKC', '\u00aa\u2168', 'aIX'],
    ['a space of another kind', 'a\u00a0b\u3000c', 'a b c'],
    ['prohibited: as it is', '\u00e9\u0007', '\u00e9\u0007'],
    ['right-to-left, mixed: as it is', '\u06271', '\u06271'],
    ['right-to-left', '\u0627\u0628', '\u0627\u0628'],
  ])('%s', (_, password, prepared) => {
    expect(saslprep(password)).toBe(prepared);
  });
});

test('md5: PostgreSQL 15 stores md5(password + user), and salts its hash', () => {
  const md5 = (text: string | Buffer) => createHash('md5').update(text).digest('hex');
  const salt = Buffer.from([1, 2, 3, 255]);
  const inner = md5('secretapp');
  expect(md5Password('app', 'secret', salt)).toBe(`md5${md5(Buffer.concat([Buffer.from(inner), salt]))}`);
});

/** Plays a connect script against a server that answers each write. */
function play(
  script: Generator<ConnectEffect, Dialled, never>,
  answer: (written: Uint8Array, count: number) => Uint8Array | null | undefined,
): { dialled: Dialled; written: Uint8Array[]; tls: number; redials: number } {
  const queue: (Uint8Array | null)[] = [];
  const seen = { written: [] as Uint8Array[], tls: 0, redials: 0 };
  let result = script.next(undefined as never);
  for (let steps = 0; result.done !== true && steps < 100; steps++) {
    const effect = result.value;
    if (effect.do === 'write') {
      seen.written.push(effect.bytes);
      const said = answer(effect.bytes, seen.written.length);
      if (said !== undefined) queue.push(said);
    }
    if (effect.do === 'start-tls') seen.tls += 1;
    if (effect.do === 'redial') {
      seen.redials += 1;
      queue.length = 0;
    }
    const reply =
      effect.do === 'read'
        ? (queue.shift() ?? null)
        : effect.do === 'start-tls'
          ? { certificate: w.NOTHING }
          : undefined;
    result = script.next(reply as never);
  }
  if (result.done !== true) throw new Error('the script does not end');
  return { dialled: result.value, ...seen };
}

const LOGIN = { user: 'app', password: 'pencil' };
const PARAMETERS = new Map([
  ['user', 'alice'],
  ['database', 'other'],
  ['replication', 'true'],
  ['_pq_.wish', '1'],
  ['application_name', 'psql'],
  ['options', '-c search_path=shop'],
]);
const OPTIONS = { login: LOGIN, database: 'shop', parameters: PARAMETERS, tls: 'disable' as const };
const OK = w.frame('R', w.i32(0));
const WELCOME = w.all(OK, w.SETTINGS, w.notice('hi'), w.frame('K', w.i32(77), [9, 9, 9, 9]), w.ready());
const refusalOf = (dialled: Dialled) => (dialled.ok ? undefined : dialled.refusal);

describe('connect', () => {
  test("the client's settings go along, its user and database do not", () => {
    const { written } = play(connect(OPTIONS), () => WELCOME);
    expect(written[0]).toEqual(
      w.startup(
        { user: 'app', database: 'shop', application_name: 'psql', options: '-c search_path=shop' },
        196608 + 2,
      ),
    );
  });

  test('trust; what the server said until it was ready', () => {
    const { dialled } = play(connect(OPTIONS), () => w.all(WELCOME, w.notice('behind')));
    const greeting = (dialled as { greeting: UpstreamGreeting }).greeting;
    expect(greeting).toMatchObject({ key: { process: 77, secret: Uint8Array.of(9, 9, 9, 9) }, status: 'I' });
    expect(Buffer.from(greeting.frames)).toEqual(Buffer.from(w.all(w.SETTINGS, w.notice('hi'))));
    expect(Buffer.from(greeting.rest)).toEqual(Buffer.from(w.notice('behind')));
    expect(greeting.parameters.get('server_version')).toBe('15.18');
  });

  const negotiation = (minor: number, options = 0) => w.frame('v', w.i32(196608 + minor), w.i32(options));
  test('3.2 is asked for; a server of 3.0 says so and is believed', () => {
    const long = w.all(OK, w.frame('K', w.i32(77), new Uint8Array(256).fill(9)), w.ready());
    const { dialled, written } = play(connect(OPTIONS), () => long);
    expect((dialled as { greeting: UpstreamGreeting }).greeting.key?.secret).toHaveLength(256);
    expect(written).toHaveLength(1);
    const older = play(connect(OPTIONS), () => w.all(negotiation(0), WELCOME));
    expect(older.dialled.ok).toBe(true);
    expect(older.written).toHaveLength(1);
  });

  test.each([
    ['a newer version than was asked for', negotiation(3)],
    ['a version of another protocol', w.frame('v', w.i32(131072), w.i32(0))],
    ['options that we never sent', w.all(w.frame('v', w.i32(196608), w.i32(1), w.z('_pq_.x')))],
    ['a second negotiation', w.all(negotiation(0), negotiation(0))],
    ['a negotiation behind the authentication', w.all(OK, negotiation(0))],
    ['a key of 257 bytes', w.all(OK, w.frame('K', w.i32(77), new Uint8Array(257)))],
  ])('%s is not taken', (_, bytes) => {
    const { dialled } = play(connect(OPTIONS), () => w.all(bytes, WELCOME));
    expect(refusalOf(dialled)?.message).toContain('broke the protocol');
  });

  test.each([
    ['0A000', w.error('0A000', 'unsupported frontend protocol 3.2', 'FATAL')],
    ['08P01', w.error('08P01', 'unsupported protocol version', 'FATAL')],
    ['an end without a word', null],
  ])('%s to 3.2: the server is dialled again, with 3.0', (_, bytes) => {
    const { dialled, written, redials } = play(connect(OPTIONS), (_, count) => (count === 1 ? bytes : WELCOME));
    expect(dialled.ok).toBe(true);
    expect(redials).toBe(1);
    expect(written.map((one) => Buffer.from(one).readInt32BE(4) - 196608)).toEqual([2, 0]);
    const never = play(connect(OPTIONS), () => bytes);
    expect(never.dialled.ok).toBe(false);
    expect(never.redials).toBe(1);
  });

  test('TLS first, and nothing of ours before it', () => {
    const { dialled, written, tls } = play(connect({ ...OPTIONS, tls: 'verify-full' }), (_, count) =>
      count === 1 ? Buffer.from('S') : WELCOME,
    );
    expect(dialled.ok).toBe(true);
    expect(tls).toBe(1);
    expect(Buffer.from(written[0] as Uint8Array).toString('hex')).toBe('0000000804d2162f');
  });

  test.each([
    ['no TLS there', 'N', /does not offer TLS/],
    ['bytes behind the S', 'SX', /broke the protocol/],
    ['an error of a server before 7.3', 'E', /does not offer TLS/],
  ])('%s is refused', (_, answer, message) => {
    const { dialled, written } = play(connect({ ...OPTIONS, tls: 'verify-full' }), () => Buffer.from(answer));
    expect(refusalOf(dialled)).toMatchObject({ code: 'upstream-refused', message: expect.stringMatching(message) });
    expect(written).toHaveLength(1);
  });

  test('SCRAM with the right password; with the wrong one', () => {
    const right = new ScramServer('pencil');
    expect(play(connect(OPTIONS), right.answer(WELCOME)).dialled.ok).toBe(true);
    const wrong = new ScramServer('other');
    expect(refusalOf(play(connect(OPTIONS), wrong.answer(WELCOME)).dialled)).toEqual({
      code: 'upstream-refused',
      message: "the database did not accept the gateway's own credential",
      detail: 'The database answered with 28P01.',
      hint: 'This is not about your login: tell the operator of the gateway.',
    });
  });

  test('a server that leaves its proof out, gets it wrong, or then asks for the password is not believed', () => {
    for (const trick of ['no-final', 'bad-proof', 'asks-again'] as const) {
      const { dialled } = play(connect(OPTIONS), new ScramServer('pencil', trick).answer(WELCOME));
      expect(refusalOf(dialled)).toMatchObject({
        code: 'upstream-refused',
        message: expect.stringContaining('broke the protocol'),
      });
    }
  });

  test('md5', () => {
    const salt = [1, 2, 3, 4];
    const { dialled, written } = play(connect(OPTIONS), (_, count) =>
      count === 1 ? w.frame('R', w.i32(5), salt) : WELCOME,
    );
    expect(dialled.ok).toBe(true);
    expect(written[1]).toEqual(w.frame('p', w.z(md5Password('app', 'pencil', Uint8Array.from(salt)))));
  });

  test('the password in clear only within TLS', () => {
    const clear = w.frame('R', w.i32(3));
    const { dialled, written } = play(connect(OPTIONS), () => clear);
    expect(refusalOf(dialled)?.message).toMatch(/in clear without TLS/);
    expect(written).toHaveLength(1);
    const inside = play(connect({ ...OPTIONS, tls: 'verify-full' }), (_, count) =>
      count === 1 ? Buffer.from('S') : count === 2 ? clear : WELCOME,
    );
    expect(inside.dialled.ok).toBe(true);
    expect(inside.written[2]).toEqual(w.frame('p', w.z('pencil')));
  });

  test.each([
    ['3D000', 'no-such-database'],
    ['53300', 'too-many'],
    ['57P03', 'upstream-unreachable'],
    ['22023', 'upstream-refused'],
    ['42704', 'upstream-refused'],
  ])('%s is passed on as the server put it', (code, refusal) => {
    const { dialled } = play(connect(OPTIONS), () => w.error(code, 'as the server put it', 'FATAL'));
    expect(refusalOf(dialled)).toMatchObject({ code: refusal, native: code, message: 'as the server put it' });
  });

  test.each([
    ['a way to log in that nobody speaks', w.frame('R', w.i32(7))],
    ['only other mechanisms', w.frame('R', w.i32(10), w.z('OTHER'), [0])],
    ['an impossible length', Uint8Array.from([0x52, ...w.i32(3)])],
    ['a length of 2 GiB', Uint8Array.from([0x53, ...w.i32(2 ** 31 - 1)])],
    ['a negative length', Uint8Array.from([0x52, ...w.i32(-5)])],
    ['a row before it is ready', w.all(OK, w.row('x'))],
    ['settings without end', w.all(OK, ...new Array(40).fill(w.notice('x'.repeat(30_000))), w.ready())],
    ['nothing', w.NOTHING],
  ])('%s is refused', (_, bytes) => {
    expect(refusalOf(play(connect(OPTIONS), () => bytes).dialled)?.code).toBe('upstream-refused');
  });

  test('a connection without a credential says so', () => {
    expect(refusalOf(play(connect({ ...OPTIONS, login: undefined }), () => WELCOME).dialled)?.message).toMatch(
      /no credential/,
    );
  });

  test('cancel: one request, then the end', () => {
    const { dialled, written } = play(
      cancel({ process: 77, secret: Uint8Array.of(9, 9, 9, 9) }, 'disable'),
      () => null,
    );
    expect(dialled.ok).toBe(true);
    expect(written).toEqual([w.frame('', w.i32(80877102), w.i32(77), [9, 9, 9, 9])]);
  });
});
