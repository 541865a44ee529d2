import type { Refusal } from '@hoop/core';
import { Playbook } from '@hoop/testkit/conformance';
import { expect, describe as suite, test } from 'vitest';
import { postgres } from '../../../src/postgres/index.js';
import * as w from '../wire.js';
import { asks, down, finished, MISSING, NOTHING, open, up } from './opened.js';

suite('start', () => {
  const refused = (parameters: Record<string, string>, refusal: object, version?: number) =>
    new Playbook(postgres, { databases: ['shop', 'stock'] })
      .client(w.startup(parameters, version))
      .expect({ do: 'refuse', refusal }, { do: 'send', to: 'client' });

  test('the database: none, the user, a listed one', () => {
    for (const [database, dialled] of [
      [undefined, 'shop'],
      ['alice', 'shop'],
      ['stock', 'stock'],
    ] as const) {
      const parameters = { user: 'alice', ...(database === undefined ? {} : { database }) };
      new Playbook(postgres, { databases: ['shop', 'stock'], hold: ['dial'] })
        .client(w.startup(parameters))
        .expect({ do: 'dial', database: dialled });
    }
  });

  test('the database: any other is refused with the list', () => {
    refused(
      { user: 'alice', database: 'postgres' },
      {
        code: 'no-such-database',
        message: 'database "postgres" is not part of this connection; it has: shop, stock',
      },
    );
  });

  test('replication is refused; replication=false is none', () => {
    refused({ user: 'alice', replication: 'database' }, { native: '0A000' });
    refused({ user: 'alice', replication: 'true' }, { native: '0A000' });
    new Playbook(postgres, { hold: ['dial'] })
      .client(w.startup({ user: 'a', replication: 'false' }))
      .expect({ do: 'dial' });
  });

  test('no user, another protocol, a packet that lies', () => {
    refused({ database: 'shop' }, { native: '28000' });
    refused({ user: 'alice' }, { native: '0A000', message: 'unsupported frontend protocol 2' }, 2 << 16);
    for (const bytes of [[0, 0, 0, 4], [0, 0, 0, 7], w.i32(10_001), w.i32(-1), [...w.i32(9), ...w.i32(196608), 1]]) {
      new Playbook(postgres)
        .client(Uint8Array.from(bytes))
        .expect({ do: 'refuse', refusal: { code: 'protocol' } }, { do: 'send' });
    }
  });

  test('encryption within is answered with N, each once', () => {
    const ssl = w.frame('', w.i32(80877103));
    const gss = w.frame('', w.i32(80877104));
    new Playbook(postgres, { hold: ['dial'] })
      .client(w.all(gss, ssl, w.HELLO))
      .expect(down(Buffer.from('NN')), { do: 'dial' });
    new Playbook(postgres).client(w.all(ssl, ssl)).expect({ do: 'send' }, { do: 'refuse' }, { do: 'send' });
  });

  test.each([
    ['3.2 is spoken: a long key', 2, undefined, 32],
    ['3.1 does not exist, and is 3.0 by another name', 1, undefined, 4],
    ['a newer one is negotiated down to 3.2', 9999, 2, 32],
  ])('%s', (_, asked, told, length) => {
    const key = w.frame(
      'K',
      w.i32(4242),
      Array.from({ length }, (_, at) => at + 1),
    );
    const negotiated = told === undefined ? w.NOTHING : w.frame('v', w.i32(196608 + told), w.i32(0));
    new Playbook(postgres, { dialled: w.READY })
      .client(w.startup({ user: 'alice' }, 196608 + asked))
      .expect(
        { do: 'dial' },
        { do: 'note' },
        { do: 'own-key' },
        down(w.all(negotiated, w.frame('R', w.i32(0)), w.SETTINGS, key, w.ready())),
      );
  });

  test('options that are not known are told', () => {
    const negotiated = w.frame('v', w.i32(196608), w.i32(1), w.z('_pq_.wish'));
    new Playbook(postgres, { dialled: w.READY })
      .client(w.startup({ user: 'alice', '_pq_.wish': 'on' }))
      .expect({ do: 'dial' }, { do: 'note' }, { do: 'own-key' }, down(w.all(negotiated, w.WELCOME)));
  });

  test('a cancel request is an effect and nothing else', () => {
    const secret = Uint8Array.of(1, 2, 3, 4);
    new Playbook(postgres)
      .client(w.frame('', w.i32(80877102), w.i32(4242), secret))
      .expect({ do: 'cancel', key: { process: 4242, secret } }, { do: 'close', end: 'client' });
  });

  test('an upstream that cannot be reached is told before AuthenticationOk', () => {
    const refusal = { code: 'upstream-unreachable', message: 'pg-prod cannot be reached' } as const;
    new Playbook(postgres, { dialled: { ok: false, refusal } })
      .client(w.HELLO)
      .expect(
        { do: 'dial' },
        { do: 'refuse', refusal },
        down(w.frame('E', w.z('SFATAL'), w.z('VFATAL'), w.z('C57P03'), w.z('Mpg-prod cannot be reached'), [0])),
      );
  });

  test('what the client sends behind its startup packet is not lost', () => {
    new Playbook(postgres, { dialled: w.READY })
      .client(w.all(w.HELLO, w.query('a')))
      .expect(
        { do: 'dial' },
        { do: 'note' },
        { do: 'own-key' },
        { do: 'send', to: 'client' },
        asks('a'),
        up(w.query('a')),
      );
  });
});

suite('bad input', () => {
  const HOSTILE: [string, number[], string | undefined][] = [
    ['an unknown type', [0x7a, ...w.i32(4)], undefined],
    ['a password out of place', [0x70, ...w.i32(4)], undefined],
    ['length 0', [0x51, ...w.i32(0)], undefined],
    ['length 3', [0x51, ...w.i32(3)], undefined],
    ['a negative length', [0x42, ...w.i32(-1)], undefined],
    ['the most negative length', [0x64, ...w.i32(-(2 ** 31))], undefined],
    ['2^31 - 1', [0x51, ...w.i32(2 ** 31 - 1)], '54000'],
    ['more than can be inspected', [0x50, ...w.i32(64 * 1024 * 1024 + 1)], '54000'],
    ['a long Execute', [0x45, ...w.i32(10_001)], '54000'],
  ];
  for (const [name, bytes, native] of HOSTILE) {
    test(name, () => {
      const refusal = { code: 'protocol', ...(native === undefined ? {} : { native }) };
      open()
        .client(w.all(w.query('a'), Uint8Array.from(bytes)))
        .expect(asks('a'), up(w.query('a')), { do: 'refuse', refusal }, { do: 'send', to: 'client' });
    });
  }

  test('fields that are not all there', () => {
    for (const bytes of [
      w.frame('Q', 'no end'),
      w.frame('B', w.z(''), w.z(''), w.i16(0), w.i16(1), w.i32(99)),
      w.frame('D', 'X', w.z('')),
    ]) {
      open()
        .client(bytes)
        .expect({ do: 'refuse', refusal: { code: 'protocol' } }, { do: 'send', to: 'client' });
    }
  });

  test('FunctionCall: large objects pass, all else is denied in the protocol', () => {
    const call = (oid: number) =>
      w.frame('F', w.i32(oid), w.i16(1), w.i16(1), w.i16(1), w.i32(4), w.i32(16405), w.i16(1));
    const play = open();
    play.client(call(964)).expect(asks('SELECT lo_unlink($1)', ['\\x00004015']), up(call(964)));
    const done = w.all(w.frame('V', w.i32(4), w.i32(1)), w.ready());
    play.upstream(done).expect(finished(1, { bytes: 8 }), down(done));
    play.client(call(1)).expect(up(w.all(NOTHING, w.sync)));
    play.upstream(w.all(MISSING, w.ready())).expect({ do: 'send', to: 'client' });
    const sent = play.stage.heard.at(-1);
    expect(Buffer.from((sent as { bytes: Uint8Array }).bytes).toString('latin1')).toMatch(
      /C0A000.*FunctionCall is available/s,
    );
  });

  test('a server that answers what was not asked is ended', () => {
    for (const bytes of [
      w.parsed,
      w.complete('SELECT 1'),
      w.row('1'),
      w.ready(),
      w.frame('R', w.i32(0)),
      w.frame('K', w.i32(1), w.i32(2)),
    ]) {
      open()
        .upstream(bytes)
        .expect({ do: 'refuse', refusal: { code: 'protocol' } }, { do: 'send', to: 'client' });
    }
  });

  test('an error without SQLSTATE', () => {
    const answer = w.all(w.frame('E', w.z('Moops'), [0]), w.ready());
    const play = open();
    play.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(answer).expect(finished(1, { error: { code: 'XX000', message: 'oops' } }), down(answer));
  });
});

suite('ends', () => {
  test('Terminate goes upstream', () => {
    const play = open();
    play.client(w.all(w.query('insert'), w.terminate));
    play.expect(asks('insert'), up(w.all(w.query('insert'), w.terminate)), { do: 'finish', side: 'upstream' });
    play.upstream(w.all(w.complete('INSERT 0 1'), w.ready())).expect(finished(1, { rows: 1 }), { do: 'send' });
    play.ends('upstream').expect({ do: 'close', end: 'client' });
  });

  test('a client that goes without a word: what runs is cancelled', () => {
    const play = open();
    play.client(w.query('a')).ends('client');
    play.expect(
      asks('a'),
      up(w.query('a')),
      { do: 'cancel', key: { process: 4242 } },
      { do: 'finish', side: 'upstream' },
    );
    const answer = w.all(w.error('57014', 'canceled'), w.ready());
    play.upstream(answer).expect(finished(1, { error: { code: '57014' } }), down(answer));
    play.ends('upstream').expect({ do: 'close', end: 'client' });
    open().ends('client').expect({ do: 'finish', side: 'upstream' });
  });

  test("the server's FATAL is passed, and nothing is added", () => {
    const bye = w.error('57P01', 'terminating connection due to administrator command', 'FATAL');
    const play = open();
    play.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(bye).expect(down(bye));
    play.ends('upstream').expect(finished(1, { error: { code: '57P01' } }), { do: 'close', end: 'upstream' });
  });

  test('an upstream that just goes is told about by us, on a boundary only', () => {
    open().ends('upstream').expect({ do: 'send', to: 'client', boundary: true }, { do: 'close', end: 'upstream' });
    const play = open();
    play.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    const half = w.all(w.columns('a'), w.row('1').subarray(0, 8));
    play.upstream(half).expect({ do: 'send', to: 'client', bytes: half, boundary: false });
    play.ends('upstream').expect(finished(1, { error: { code: '08006' } }), { do: 'close', end: 'upstream' });
  });

  test('ended from outside, what runs is cancelled and told', () => {
    const play = open();
    play.client(w.query('select pg_sleep(60)')).expect({ do: 'judge' }, { do: 'send' });
    // A note that it was cut off, and the cancel; nothing that would wait.
    expect(play.stage.cancel({ code: 'identity-disabled', message: 'disabled' })).toEqual({
      effects: 2,
      forbidden: [],
    });
  });
});

suite('refusals', () => {
  const native: [Refusal['code'], string][] = [
    ['not-granted', '28000'],
    ['identity-disabled', '28000'],
    ['login-required', '28000'],
    ['unknown-connection', '3D000'],
    ['port-refused', '28000'],
    ['no-such-database', '3D000'],
    ['upstream-unreachable', '57P03'],
    ['upstream-refused', '08004'],
    ['gateway-unreachable', '57P03'],
    ['link-lost', '08006'],
    ['shutting-down', '57P01'],
    ['too-many', '53300'],
    ['record-failed', '58030'],
    ['protocol', '08P01'],
    ['internal', 'XX000'],
  ];
  test.each(native)('%s is %s', (code, sqlstate) => {
    const fields = [w.z('SFATAL'), w.z('VFATAL'), w.z(`C${sqlstate}`), w.z('Mm'), w.z('Dd'), w.z('Hh'), [0]];
    expect(postgres.refuse({ code, message: 'm\0', detail: 'd', hint: 'h' })).toEqual(w.frame('E', ...fields));
  });

  test('what the upstream itself said keeps its code', () => {
    const bytes = postgres.refuse({ code: 'upstream-refused', native: '22023', message: 'm' });
    expect(bytes).toEqual(w.error('22023', 'm', 'FATAL'));
  });

  test('the epitaph is a FATAL of its own', () => {
    expect(Buffer.from(postgres.epitaph).toString()).toMatch(
      /^E[\s\S]{4}SFATAL\0VFATAL\0C08006\0Mthe link to the gateway was lost/,
    );
  });
});
