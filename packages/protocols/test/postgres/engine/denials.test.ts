import type { Verdict } from '@hoop/core';
import { expect, describe as suite, test } from 'vitest';
import { EXECUTE_NOTHING } from '../../../src/postgres/codec/build.js';
import * as w from '../wire.js';
import { asks, DENIAL, DENIED, down, finished, MISSING, NOTHING, open, up } from './opened.js';

suite('a denied statement', () => {
  test('a Query: the server fails, the client reads the reason', () => {
    open({ judge: () => DENIED })
      .client(w.query('drop table t'))
      .expect(asks('drop table t'), up(w.all(NOTHING, w.sync)))
      .upstream(w.all(MISSING, w.ready('E')))
      .expect(down(w.all(DENIAL, w.ready('E'))));
  });

  test('is replaced by an Execute of a portal whose name no client can know', () => {
    const name = Buffer.from(EXECUTE_NOTHING.subarray(5, -5)).toString('latin1');
    expect(name).toMatch(/^hoop: refused [0-9a-f-]{36}$/);
    expect(name.length).toBeLessThanOrEqual(63);
  });

  test('in a pipeline: what was before runs, what is behind is skipped', () => {
    const part = (text: string) => w.all(w.parse('', text), w.bind('', ''));
    const asked = w.all(part('a'), w.execute(''), part('b'), w.execute(''), part('c'), w.execute(''), w.sync);
    const sent = w.all(part('a'), w.execute(''), part('b'), NOTHING, part('c'), w.execute(''), w.sync);
    const answer = (denial: Uint8Array) =>
      w.all(w.parsed, w.bound, w.complete('SELECT 1'), w.parsed, w.bound, denial, w.ready());
    open({ judge: (action) => ('text' in action && action.text === 'b' ? DENIED : { allow: true }) })
      .client(asked)
      .expect({ do: 'judge-all' }, up(sent))
      .upstream(answer(MISSING))
      .expect(
        finished(1, { tag: 'SELECT 1' }),
        finished(3, { error: { code: '25P02', message: 'not run: an earlier message of the pipeline failed' } }),
        down(answer(DENIAL)),
      );
  });

  test('a Parse with a name: the name keeps its meaning, and nobody waits for it', () => {
    const play = open({
      judge: (action) => ('text' in action && action.text.startsWith('PREPARE') ? DENIED : { allow: true }),
    });
    const asked = w.all(w.parse('s', 'drop table t'), w.sync);
    play.client(asked).expect(asks('PREPARE "s" AS drop table t'), up(w.all(NOTHING, w.sync)));
    play.upstream(w.all(MISSING, w.ready())).expect(down(w.all(DENIAL, w.ready())));
    const run = w.all(w.bind('', 's'), w.execute(''), w.sync);
    play.client(run).expect(asks('EXECUTE "s"'), up(run));
  });

  test('the next statement goes on', () => {
    let denied = 0;
    const play = open({ judge: () => (denied++ === 0 ? DENIED : { allow: true }) });
    play.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(w.all(MISSING, w.ready())).expect(down(w.all(DENIAL, w.ready())));
    play.client(w.query('b')).expect(asks('b'), up(w.query('b')));
    const answer = w.all(w.complete('SELECT 1'), w.ready());
    play.upstream(answer).expect(finished(2, { tag: 'SELECT 1' }), down(answer));
  });

  test('a Query behind messages without a Sync waits until they are answered', () => {
    open({ judge: () => DENIED })
      .client(w.all(w.parse('', 'a'), w.query('b')))
      .expect({ do: 'judge' }, up(w.all(w.parse('', 'a'), w.flush)))
      .upstream(w.parsed)
      .expect(down(w.parsed), up(w.all(NOTHING, w.sync)))
      .upstream(w.all(MISSING, w.ready()))
      .expect(down(w.all(DENIAL, w.ready())));
  });

  test('the same where the server skips to Sync: it is passed over, as the server would', () => {
    open({ judge: () => DENIED })
      .client(w.all(w.parse('', 'a'), w.query('b')))
      .expect({ do: 'judge' }, up(w.all(w.parse('', 'a'), w.flush)))
      .upstream(w.error('42601', 'syntax'))
      .expect(down(w.error('42601', 'syntax')))
      .client(w.sync)
      .expect(up(w.sync))
      .upstream(w.ready())
      .expect(down(w.ready()));
  });

  const NOTE = w.frame('N', w.z('SWARNING'), w.z('VWARNING'), w.z('C01000'), w.z('Mcareful'), [0]);
  const notices = [{ severity: 'warning' as const, message: 'careful' }];

  test.each<[string, Verdict, Uint8Array]>([
    ['allowed', { allow: true, notices }, w.query('a')],
    ['denied', { ...DENIED, notices }, w.all(NOTHING, w.sync)],
  ])('notes of an %s one are said at once', (_, verdict, sent) => {
    open({ judge: () => verdict })
      .client(w.query('a'))
      .expect({ do: 'judge' }, up(sent), down(NOTE));
  });

  test('a note waits for the end of a message, not for the next', () => {
    const play = open();
    play.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    const row = w.row('x'.repeat(100));
    play.upstream(row.subarray(0, 50)).expect({ do: 'send', to: 'client', boundary: false });
    play.stage.engine.say(notices[0]!);
    play.stage.run();
    play
      .expect()
      .upstream(row.subarray(50))
      .expect(down(w.all(row.subarray(50), NOTE)));
  });

  test('cancelled while held: as PostgreSQL says it', () => {
    open({ judge: () => ({ allow: false, rule: 'withdrawn', reason: 'gone' }) })
      .client(w.query('a'))
      .expect({ do: 'judge' }, up(w.all(NOTHING, w.sync)))
      .upstream(w.all(MISSING, w.ready()))
      .expect(down(w.all(w.error('57014', 'canceling statement due to user request'), w.ready())));
  });

  test('an approval that names another role does not run under ours', () => {
    open({ judge: () => ({ allow: true, as: { role: 'admin' } }) })
      .client(w.query('a'))
      .expect({ do: 'judge' }, up(w.all(NOTHING, w.sync)));
  });
});

suite('a slow verdict', () => {
  const part = (text: string) => w.all(w.parse('', text), w.bind('', ''));
  const run = (text: string) => w.all(part(text), w.execute(''));

  test('in a pipeline: what comes before it runs, and its answers are flushed', () => {
    open({ hold: ['judge-all', 'judge-rest'] })
      .client(w.all(run('a'), run('b'), run('c'), w.sync))
      .expect({ do: 'judge-all' })
      .reply('client', [{ allow: true }])
      .expect(up(w.all(run('a'), part('b'), w.flush)), { do: 'judge-rest' })
      .reply('client', [DENIED])
      .expect(up(w.all(NOTHING, part('c'), w.flush)), { do: 'judge-rest' })
      .upstream(w.all(w.parsed, w.bound, w.complete('SELECT 1'), w.parsed, w.bound, MISSING))
      .expect(finished(1, {}), down(w.all(w.parsed, w.bound, w.complete('SELECT 1'), w.parsed, w.bound, DENIAL)))
      .reply('client', [{ allow: true }])
      .expect(
        finished(3, { error: { code: '25P02', message: 'not run: an earlier message of the pipeline failed' } }),
        up(w.all(w.execute(''), w.sync)),
      )
      .upstream(w.ready())
      .expect(down(w.ready()));
  });

  test('behind another Query: that runs, and nothing is flushed', () => {
    open({ hold: ['judge-all', 'judge-rest'] })
      .client(w.all(w.query('a'), w.query('b')))
      .expect({ do: 'judge-all' })
      .reply('client', [{ allow: true }])
      .expect(up(w.query('a')), { do: 'judge-rest' })
      .reply('client', [{ allow: true }])
      .expect(up(w.query('b')));
  });
});

suite('names that SQL changes', () => {
  const prepared = () => {
    const play = open();
    const named = w.all(w.parse('s', 'select'), w.sync);
    play.client(named).expect(asks('PREPARE "s" AS select'), up(named));
    return play.upstream(w.all(w.parsed, w.ready())).expect(finished(1, {}), down(w.all(w.parsed, w.ready())));
  };
  const use = w.all(w.bind('', 's'), w.execute(''), w.sync);

  test('behind what may change it, a name waits for the reply', () => {
    const change = 'deallocate s; PREPARE s as delete';
    prepared()
      .client(w.all(w.query(change), use))
      .expect(asks(change), up(w.query(change)))
      .upstream(w.all(w.complete('DEALLOCATE'), w.complete('PREPARE'), w.ready()))
      .expect(finished(2, {}), { do: 'send', to: 'client' }, asks('EXECUTE "s"'), up(use));
  });

  test('the same within one pipeline, with a Flush', () => {
    const change = w.all(w.parse('', 'discard all'), w.bind('', ''), w.execute(''));
    prepared()
      .client(w.all(change, use))
      .expect({ do: 'judge' }, up(w.all(change, w.flush)))
      .upstream(w.all(w.parsed, w.bound, w.complete('DISCARD ALL')))
      .expect(finished(2, {}), { do: 'send', to: 'client' }, asks('select'), up(use));
  });

  test('nothing else is waited for', () => {
    prepared()
      .client(w.all(w.query('select preparedness'), use))
      .expect({ do: 'judge-all', actions: [{ text: 'select preparedness' }, { text: 'select' }] }, { do: 'send' });
  });
});

suite('a question of ours', () => {
  const asked = w.all(w.parse('', 'a'), w.bind('', ''));
  const start = () => {
    const play = open({ recordsOutput: true });
    play.client(w.all(asked, w.execute(''), w.sync));
    return play.expect({ do: 'judge' }, up(w.all(asked, w.describe('P', ''), w.execute(''), w.sync)));
  };

  test('is put before what nobody described, and its answer goes to the record alone', () => {
    start()
      .upstream(w.all(w.parsed, w.bound, w.columns('total'), w.row('1'), w.complete('SELECT 1'), w.ready()))
      .expect(
        { do: 'reveal', statement: 1, output: { columns: [{ name: 'total' }] } },
        finished(1, { rows: 1 }),
        down(w.all(w.parsed, w.bound, w.row('1'), w.complete('SELECT 1'), w.ready())),
      );
  });

  test('for what has no rows', () => {
    start()
      .upstream(w.all(w.parsed, w.bound, w.noData, w.complete('SET'), w.ready()))
      .expect(finished(1, { tag: 'SET' }), down(w.all(w.parsed, w.bound, w.complete('SET'), w.ready())));
  });

  test('that fails is the failure of what it was asked for', () => {
    const failed = w.all(w.parsed, w.bound, w.error('25P02', 'aborted'), w.ready('E'));
    start()
      .upstream(failed)
      .expect(finished(1, { error: { code: '25P02', message: 'aborted' } }), down(failed));
  });

  test('is not asked of what the client describes itself', () => {
    const described = w.all(asked, w.describe('P', ''), w.execute(''), w.sync);
    open({ recordsOutput: true }).client(described).expect({ do: 'judge' }, up(described));
  });

  test('is not asked of what is denied', () => {
    open({ recordsOutput: true, judge: () => DENIED })
      .client(w.all(asked, w.execute(''), w.sync))
      .expect({ do: 'judge' }, up(w.all(asked, NOTHING, w.sync)));
  });
});
