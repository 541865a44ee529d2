import type { Judge } from '@hoop/controls';
import type { Verdict } from '@hoop/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as w from '../../../protocols/test/postgres/wire.js';
import { cases, FOUND } from './scripted.js';
import { Comparison } from './scripted-run.js';
import { type Server, startServer } from './server.js';
import { type Through, through, tokenOf } from './talk.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await server.admin.query('create table held (id int)');
});
afterAll(() => server?.stop());

test('whatever the controls say, a session is what the server would make of it', async () => {
  const comparison = new Comparison(server.upstream, server.admin);
  await comparison.prepare();
  try {
    await fc.assert(
      fc.asyncProperty(cases, (one) => comparison.run(one)),
      { numRuns: 240, seed: 11, examples: FOUND },
    );
  } finally {
    await comparison.close();
  }
  expect(comparison.refusals).toBeGreaterThan(100);
}, 120_000);

/** Holds what has `held` in it until it is told what to say. */
async function holding(use: (talk: Through, decide: (verdict: Verdict) => void) => Promise<void>): Promise<void> {
  const out = Promise.withResolvers<Verdict>();
  const judge: Judge = (action) => ('text' in action && action.text.includes('held') ? out.promise : { allow: true });
  const talk = await through(server.upstream, 'public', [judge]);
  await use(talk, out.resolve);
  talk.close();
  await talk.outcome;
  expect(talk.bugs).toEqual([]);
}
const rows = async () => (await server.admin.query('select id from held order by id')).rows.map(({ id }) => id);
const answer = async (talk: Through) => (await talk.until(({ type }) => type === 'Z')).map(tokenOf);
const run = (text: string) => w.all(w.parse('', text), w.bind('', ''), w.execute(''));
const cancel = ({ key, cancels }: Through) => {
  const secret = Buffer.alloc(4);
  secret.writeUInt32BE(key.secret);
  return cancels.cancel(key.process, secret);
};
const CANCELLED = 'E57014';

describe('while a statement is held', () => {
  test('cancelled, it ends with 57014 and never reaches the server', async () => {
    await holding(async (talk) => {
      talk.say(w.query('insert into held values (1)'));
      expect(await cancel(talk)).toBe(true);
      expect(await answer(talk)).toEqual([CANCELLED, 'Z(I)']);
      expect(await talk.ask('select 1')).toEqual(['1']);
      expect(talk.lines.intents[0]).toMatchObject({ verdict: 'deny', rule: 'withdrawn' });
      expect(talk.lines.entries).toContainEqual({ kind: 'cancel' });
      expect(await rows()).toEqual([]);
    });
  });

  test('cancelled in a transaction, that has failed', async () => {
    await holding(async (talk) => {
      await talk.ask('begin');
      talk.say(w.query('insert into held values (1)'));
      await cancel(talk);
      expect(await answer(talk)).toEqual([CANCELLED, 'Z(E)']);
    });
  });

  test('cancelled in a pipeline, what ran before it is undone', async () => {
    await holding(async (talk) => {
      talk.say(w.all(run('create table before ()'), run('insert into held values (1)'), run('select 1'), w.sync));
      await talk.until(({ type }) => type === 'C');
      await cancel(talk);
      expect(await answer(talk)).toEqual(['1', '2', CANCELLED, 'Z(I)']);
      expect((await server.admin.query("select to_regclass('before') as there")).rows).toEqual([{ there: null }]);
    });
  });

  test('what came before it in the same breath runs and is answered', async () => {
    await holding(async (talk, decide) => {
      talk.say(w.all(w.query('select 1'), w.query('insert into held values (2)')));
      expect(await answer(talk)).toContain('C(SELECT 1.)');
      decide({ allow: true });
      expect(await answer(talk)).toEqual(['C(INSERT 0 1.)', 'Z(I)']);
      expect(await rows()).toEqual([2]);
      await server.admin.query('truncate held');
    });
  });

  test('the other side flows: a notification comes', async () => {
    await holding(async (talk, decide) => {
      await talk.ask('listen news');
      talk.say(w.query('insert into held values (1)'));
      await server.admin.query('notify news');
      await talk.until(({ type }) => type === 'A');
      decide({ allow: false, rule: 'scripted', reason: 'no' });
      expect(await answer(talk)).toEqual(['E42501', 'Z(I)']);
    });
  });

  test('whoever holds it can say why, though nothing else comes', async () => {
    const out = Promise.withResolvers<Verdict>();
    const judge: Judge = (_, __, say) => {
      say({ severity: 'notice', message: 'carol was asked' });
      return out.promise;
    };
    const talk = await through(server.upstream, 'public', [judge]);
    talk.say(w.query('select 1'));
    const [note] = await talk.until(({ type }) => type === 'N');
    expect(note?.body.toString()).toContain('carol was asked');
    out.resolve({ allow: true, notices: [{ severity: 'notice', message: 'carol agreed' }] });
    const [second] = await talk.until(({ type }) => type === 'Z');
    expect(second?.body.toString()).toContain('carol agreed');
    talk.close();
    await talk.outcome;
  });

  test('the client leaves: it is withdrawn, and the flow ends', async () => {
    await holding(async (talk) => {
      talk.say(w.query('insert into held values (1)'));
      talk.wire.onEnd();
      expect(await talk.outcome).toMatchObject({ end: 'client' });
      expect(talk.lines.intents[0]).toMatchObject({ verdict: 'deny', rule: 'withdrawn' });
      expect(await rows()).toEqual([]);
    });
  });

  test('the link breaks: the same at once', async () => {
    await holding(async (talk) => {
      talk.say(w.query('insert into held values (1)'));
      talk.wire.onLost('cut');
      expect(await talk.outcome).toMatchObject({ end: 'broken' });
      expect(await rows()).toEqual([]);
    });
  });
});
