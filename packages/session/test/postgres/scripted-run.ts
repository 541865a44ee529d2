import { strict as assert } from 'node:assert';
import type { Client } from 'pg';
import * as w from '../../../protocols/test/postgres/wire.js';
import type { Upstream } from '../../src/index.js';
import { type Case, NOTE, scripted, Writer } from './scripted.js';
import { direct, fieldOf, type Message, type Talk, type Through, through, tokenOf } from './talk.js';

const STATES: Readonly<Record<string, string>> = {
  I: 'idle',
  T: 'idle in transaction',
  E: 'idle in transaction (aborted)',
};

/**
 * Plays cases in sessions through hoop and straight to the server, in step, and compares: every message, the data that is
 * left, and what the server itself says of our session. Sessions are kept from case to case as long as none fails.
 */
export class Comparison {
  readonly #upstream: Upstream;
  readonly #admin: Client;
  readonly #ours: string;
  readonly #theirs: string;
  readonly #through = new Map<boolean, { talk: Through; pid: string }>();
  #direct: Talk | undefined;
  #syncsBeforeQuery = false;
  refusals = 0;

  /** `place` tells those that run side by side on one server apart. */
  constructor(upstream: Upstream, admin: Client, place = 0) {
    this.#ours = `ours_${place}`;
    this.#theirs = `theirs_${place}`;
    this.#upstream = upstream;
    this.#admin = admin;
  }

  async prepare(): Promise<void> {
    for (const schema of [this.#ours, this.#theirs]) {
      await this.#admin.query(`create schema ${schema}; create table ${schema}.t (id int primary key, v text)`);
    }
    this.#direct = await direct(this.#upstream, this.#theirs);
    this.#syncsBeforeQuery = await tripsOverMixed(this.#direct);
  }

  async run(one: Case): Promise<void> {
    try {
      await this.#run(one);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const { talk } of this.#through.values()) talk.close();
    for (const { talk } of this.#through.values()) await talk.outcome;
    this.#through.clear();
    this.#direct?.close();
    this.#direct = undefined;
  }

  async #run({ turns, output }: Case): Promise<void> {
    const { talk, pid } = await this.#session(output);
    this.#direct ??= await direct(this.#upstream, this.#theirs);
    for (const one of [talk, this.#direct]) await one.ask(RESET);
    const writer = new Writer(this.#syncsBeforeQuery);
    for (const { steps, piece } of turns) {
      const turn = writer.turn(steps);
      await talk.sayInPieces(turn.through, piece);
      const got = await talk.until(isLast);
      this.#direct.say(turn.direct);
      const expected = await this.#direct.until(isLast);
      this.#same(got, expected);
      await this.#isAsTheServerSays(pid, tokenOf(got.at(-1) as Message)[2] ?? '');
    }
    await this.#sameData(talk, this.#direct, writer);
    assert.deepEqual(talk.bugs, []);
  }

  async #session(output: boolean): Promise<{ talk: Through; pid: string }> {
    const there = this.#through.get(output);
    if (there !== undefined) return there;
    const talk = await through({ ...this.#upstream, record: output ? 'output' : 'statements' }, this.#ours, [scripted]);
    const [pid = ''] = await talk.ask('select pg_backend_pid()::text');
    const session = { talk, pid };
    this.#through.set(output, session);
    return session;
  }

  /** Message by message; where ours was refused, theirs has failed. */
  #same(got: readonly Message[], expected: readonly Message[]): void {
    const ours = got.filter((message) => !isNote(message)).map(tokenOf);
    const theirs = expected.map(tokenOf).map((token, at) => {
      if (ours[at] !== 'E42501' || !token.startsWith('E')) return token;
      this.refusals += 1;
      return 'E42501';
    });
    assert.deepEqual(ours, theirs);
  }

  async #isAsTheServerSays(pid: string, status: string): Promise<void> {
    // The server tells of its state a moment after it has answered.
    for (let left = 50; ; left--) {
      const { rows } = await this.#admin.query('select state from pg_stat_activity where pid = $1', [pid]);
      if (rows[0]?.state === STATES[status]) return;
      if (left === 0) assert.equal(rows[0]?.state, STATES[status]);
    }
  }

  async #sameData(ours: Talk, theirs: Talk, { refused }: Writer): Promise<void> {
    for (const one of [ours, theirs]) await one.ask('commit');
    const data = async (schema: string) => (await this.#admin.query(`select * from ${schema}.t order by id`)).rows;
    const left = await data(this.#ours);
    assert.deepEqual(left, await data(this.#theirs));
    const ids = new Set(left.map(({ id }) => id));
    assert.deepEqual(
      refused.filter((id) => ids.has(id)),
      [],
      'a refused statement left something behind',
    );
    assert.deepEqual(await ours.ask('select 7'), ['7']);
  }
}

const RESET = "rollback; close all; deallocate all; delete from t; insert into t values (0, 'first')";

/**
 * PostgreSQL 18.4 loses the state of its transaction when a Query follows extended messages without a Sync between, and fails
 * on what comes next with XX000; 15 does not.
 */
async function tripsOverMixed(talk: Talk): Promise<boolean> {
  talk.say(w.parse('', 'select 1'), w.bind('', ''), w.execute(''), w.query('select 2'), w.sync, w.query(''));
  const answer = await talk.until(
    ({ type }, all) => type === 'Z' && all.filter((one) => one.type === 'Z').length === 2,
  );
  return answer.map(tokenOf).includes('EXX000');
}

/** The ReadyForQuery behind an empty query's answer. */
const isLast = ({ type }: Message, before: readonly Message[]): boolean =>
  type === 'Z' && before.findLast((message) => !isNote(message))?.type === 'I';
const isNote = ({ type, body }: Message): boolean => type === 'N' && fieldOf(body, 'M') === NOTE.message;
export const cancelRequest = (process: number, secret: number): Uint8Array =>
  w.frame('', w.i32(80877102), w.i32(process), w.i32(secret));
