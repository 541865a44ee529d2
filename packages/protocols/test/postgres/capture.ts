import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { concat } from '@hoop/core';
import * as w from './wire.js';

/** What both sides said in one conversation with a real server, without login. */
export interface Captured {
  client: Uint8Array;
  upstream: Uint8Array;
}

const ask = (text: string, ...values: (string | null)[]) =>
  w.all(w.parse('', text), w.bind('', '', values), w.describe('P', ''), w.execute(''), w.sync);

/** Questions, each with how often the server is ready after it. */
const CONVERSATIONS: readonly (readonly [Uint8Array, number])[][] = [
  [
    [w.query("select 1 as one, null, 'é'; select 2 where false; ; select 1/0; select 3"), 1],
    [w.query('create temp table t (n int primary key, s text); insert into t values (1), (2)'), 1],
    [w.query("do $$ begin raise notice 'n'; raise warning 'w'; end $$"), 1],
    [w.query("set datestyle = 'German'; listen c; notify c, 'payload'"), 1],
    [w.query('begin; select nope'), 1],
    [w.all(w.query('rollback'), w.query(''), w.query('select generate_series(1, 50)')), 3],
  ],
  [
    [ask('select $1::int, $2::text', '1', null), 1],
    [w.all(w.parse('s', 'select generate_series(1, 9)'), w.describe('S', 's'), w.sync), 1],
    [w.all(w.bind('p', 's'), w.execute('p', 2), w.flush, w.execute('p', 3), w.execute('p'), w.sync), 1],
    [w.all(w.close('P', 'p'), w.close('S', 's'), w.close('S', 'never'), w.sync), 1],
    [w.all(ask('select 1'), ask('select x'), ask('select $1::bytea', '\\x00'), w.query('select 4')), 4],
    [w.all(...Array.from({ length: 20 }, (_, n) => ask('select $1', String(n)))), 20],
  ],
  [
    [w.query('create temp table t (n int)'), 1],
    [w.all(w.query('copy t from stdin'), w.copyData('1\n2\n'), w.copyData('3\n'), w.copyDone), 1],
    [w.all(w.query('copy t from stdin'), w.copyData('x\n'), w.copyDone), 1],
    [w.all(w.query('copy t from stdin'), w.copyFail('enough')), 1],
    [w.query('copy t to stdout; copy t to stdout (format binary); select 1'), 1],
    [w.all(w.parse('', 'copy t from stdin'), w.bind('', ''), w.execute(''), w.copyData('4\n'), w.copyDone, w.sync), 1],
  ],
  [
    [w.query('begin; select lo_create(77)'), 1],
    [
      w.frame('F', w.i32(952), w.i16(1), w.i16(1), w.i16(2), w.i32(4), w.i32(77), w.i32(4), w.i32(0x60000), w.i16(1)),
      1,
    ],
    [w.frame('F', w.i32(955), w.i16(1), w.i16(1), w.i16(2), w.i32(4), w.i32(0), w.i32(3), 'abc', w.i16(1)), 1],
    [w.query('rollback'), 1],
  ],
];

/** Holds each conversation with the server on this port, which lets `postgres` in without a password. */
export async function capture(port: number): Promise<Captured[]> {
  const captured: Captured[] = [];
  for (const questions of CONVERSATIONS) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const said: Uint8Array[] = [];
    await exchange(socket, w.startup({ user: 'postgres', database: 'postgres' }), 1);
    for (const [bytes, readies] of questions) said.push(await exchange(socket, bytes, readies));
    socket.destroy();
    captured.push({ client: concat(questions.map(([bytes]) => bytes)), upstream: concat(said) });
  }
  return captured;
}

/** Sends, and reads until so many ReadyForQuery have come. */
async function exchange(socket: Socket, bytes: Uint8Array, readies: number): Promise<Uint8Array> {
  let said = Buffer.alloc(0);
  socket.write(bytes);
  socket.resume();
  while (countReady(said) < readies) said = Buffer.concat([said, (await once(socket, 'data'))[0] as Buffer]);
  return said;
}

function countReady(said: Buffer): number {
  let count = 0;
  for (let at = 0; at + 5 <= said.length; at += said.readInt32BE(at + 1) + 1) if (said[at] === 0x5a) count += 1;
  return count;
}
