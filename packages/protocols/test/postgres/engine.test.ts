import type { Refusal, Verdict } from '@hoop/core';
import { Playbook } from '@hoop/testkit/conformance';
import { expect, describe as suite, test } from 'vitest';
import { EXECUTE_NOTHING } from '../../src/postgres/codec/build.js';
import { postgres } from '../../src/postgres/index.js';
import * as w from './wire.js';

const DENIED: Verdict = { allow: false, rule: 'record-failed', reason: 'could not be recorded' };
const DENIAL = w.frame('E', w.z('SERROR'), w.z('VERROR'), w.z('C58030'), w.z('Mcould not be recorded'), [0]);
/** Execute of the portal that does not exist. */
const NOTHING = EXECUTE_NOTHING;
const MISSING = w.error('34000', 'portal "hoop: refused" does not exist');

/** A session that is open, nothing said yet. */
function open(options: ConstructorParameters<typeof Playbook>[1] = {}): Playbook {
  return new Playbook(postgres, { dialled: w.READY, ...options })
    .client(w.HELLO)
    .expect(
      { do: 'dial', database: 'shop', user: 'alice' },
      { do: 'note', entry: { kind: 'opened', database: 'shop', user: 'alice', application: 'psql' } },
      { do: 'own-key', key: { process: 77 } },
      { do: 'send', to: 'client', bytes: w.WELCOME, boundary: true },
    );
}
const asks = (text: string, parameters?: readonly (string | null)[]) => ({
  do: 'judge' as const,
  action: { kind: 'statement', class: 'unknown', text, ...(parameters === undefined ? {} : { parameters }) },
});
const finished = (statement: number, entry: object) => ({
  do: 'note' as const,
  entry: { kind: 'finished', statement, ...entry },
});
const up = (bytes: Uint8Array) => ({ do: 'send' as const, to: 'upstream', bytes });
const down = (bytes: Uint8Array) => ({ do: 'send' as const, to: 'client', bytes, boundary: true });

suite('simple query', () => {
  test('is judged, forwarded, counted', () => {
    const answer = w.all(w.columns('a'), w.row('1'), w.row(null), w.complete('SELECT 2'), w.ready());
    open()
      .client(w.query('select 1'))
      .expect(asks('select 1'), up(w.query('select 1')))
      .upstream(answer)
      .expect(finished(1, { rows: 2, bytes: 7 + 6, tag: 'SELECT 2', ms: 0 }), down(answer));
  });

  test('with many commands is one statement', () => {
    const answer = w.all(w.complete('INSERT 0 3'), w.columns('a'), w.row('1'), w.complete('SELECT 1'), w.ready());
    open()
      .client(w.query('insert; select'))
      .expect(asks('insert; select'), up(w.query('insert; select')))
      .upstream(answer)
      .expect(finished(1, { rows: 4, tag: 'INSERT 0 3; SELECT 1' }), down(answer));
  });

  test('an error is told with its code', () => {
    const answer = w.all(w.error('42P01', 'no such table'), w.ready());
    open()
      .client(w.query('select x'))
      .expect(asks('select x'), up(w.query('select x')))
      .upstream(answer)
      .expect(finished(1, { error: { code: '42P01', message: 'no such table' } }), down(answer));
  });

  test('an empty one', () => {
    const answer = w.all(w.emptied, w.ready());
    open()
      .client(w.query(''))
      .expect(asks(''), up(w.query('')))
      .upstream(answer)
      .expect(finished(1, { rows: 0 }), down(answer));
  });

  test('text that is no UTF-8 is kept byte by byte', () => {
    open()
      .client(w.frame('Q', [0x27, 0xe9, 0x27, 0]))
      .expect(asks("'\u00e9'"), { do: 'send' });
  });
});

suite('extended query', () => {
  test('one pipeline: one judgement, one send, with the text and the parameters', () => {
    const asked = w.all(
      w.parse('', 'select $1, $2, $3'),
      w.bind('', '', ['a', Uint8Array.of(0, 255), null]),
      w.describe('P', ''),
      w.execute(''),
      w.sync,
    );
    const answer = w.all(w.parsed, w.bound, w.columns('a'), w.row('x'), w.complete('SELECT 1'), w.ready());
    open()
      .client(asked)
      .expect(asks('select $1, $2, $3', ['a', '\\x00ff', null]), up(asked))
      .upstream(answer)
      .expect(finished(1, { rows: 1, tag: 'SELECT 1' }), down(answer));
  });

  test('a named statement is known later, and until it is closed', () => {
    const play = open();
    const first = w.all(w.parse('s1', 'select 1'), w.describe('S', 's1'), w.sync);
    play.client(first).expect(asks('PREPARE "s1" AS select 1'), up(first));
    const described = w.all(w.parsed, w.parameters, w.columns('a'), w.ready());
    play.upstream(described).expect(finished(1, { rows: 0 }), down(described));
    const run = w.all(w.bind('', 's1'), w.execute(''), w.sync);
    const ran = w.all(w.bound, w.complete('SELECT 1'), w.ready());
    play.client(run).expect(asks('select 1'), up(run));
    play.upstream(ran).expect(finished(2, { tag: 'SELECT 1' }), down(ran));
    const closing = w.all(w.close('S', 's1'), w.sync);
    play.client(closing).expect(up(closing));
    play.upstream(w.all(w.closed, w.ready())).expect({ do: 'send' });
    play.client(run).expect(asks('EXECUTE "s1"'), up(run));
  });

  test.each([
    ['a Parse', w.parse('é', 'select 1')],
    ['a Bind, of a statement', w.bind('', 'é')],
    ['a Bind, of a portal', w.bind('é', '')],
    ['an Execute', w.execute('é')],
    ['a Close', w.close('S', 'é')],
  ])('a name that another one may be for the server ends the flow: %s', (_, asked) => {
    open()
      .client(asked)
      .expect({ do: 'refuse', refusal: { code: 'protocol' } }, { do: 'send', to: 'client' });
  });

  test('names that are one for the server, by their first 63 bytes, are one here', () => {
    const name = 'x'.repeat(63);
    const text = `PREPARE "${name}" AS select 2`;
    const define = w.all(w.parse(`${name}A`, 'select 2'), w.sync);
    const run = w.all(w.bind('', `${name}B`), w.execute(''), w.sync);
    const defined = w.all(w.parsed, w.ready());
    open()
      .client(define)
      .expect(asks(text), up(define))
      .upstream(defined)
      .expect(finished(1, { rows: 0 }), down(defined))
      .client(run)
      .expect(asks('select 2'), up(run));
  });

  test('what SQL prepared or declared reads as the SQL that runs it', () => {
    const run = w.all(w.bind('', 'by "sql"'), w.execute(''), w.execute('cursor', 5), w.sync);
    open()
      .client(run)
      .expect(
        {
          do: 'judge-all',
          actions: [
            { kind: 'statement', class: 'unknown', text: 'EXECUTE "by ""sql"""' },
            { kind: 'statement', class: 'unknown', text: 'FETCH 5 FROM "cursor"' },
          ],
        },
        up(run),
      );
  });

  test('a name that SQL freed and gave again is no longer the old text', () => {
    const play = open();
    const first = w.all(w.parse('s1', 'select 1'), w.sync);
    play.client(first).expect({ do: 'judge' }, up(first));
    play.upstream(w.all(w.parsed, w.ready())).expect({ do: 'note' }, { do: 'send' });
    const sql = w.query('deallocate s1; prepare s1 as drop table t');
    play.client(sql).expect({ do: 'judge' }, up(sql));
    play
      .upstream(w.all(w.complete('DEALLOCATE'), w.complete('PREPARE'), w.ready()))
      .expect({ do: 'note' }, { do: 'send' });
    const run = w.all(w.bind('', 's1'), w.execute(''), w.sync);
    play.client(run).expect(asks('EXECUTE "s1"'), up(run));
  });

  test('nor is a portal that went with its transaction', () => {
    const play = open();
    const begun = w.all(w.parse('', 'select g'), w.bind('c', ''), w.execute('c', 1), w.sync);
    play.client(begun).expect({ do: 'judge-all' }, up(begun));
    play
      .upstream(w.all(w.parsed, w.bound, w.row('1'), w.suspended, w.ready('T')))
      .expect({ do: 'note' }, { do: 'send' });
    const sql = w.query('commit; begin; declare c cursor for select ssn');
    play.client(sql).expect({ do: 'judge' }, up(sql));
    play
      .upstream(w.all(w.complete('COMMIT'), w.complete('BEGIN'), w.complete('DECLARE CURSOR'), w.ready('T')))
      .expect(finished(2, { rows: 1 }), finished(3, {}), { do: 'send' });
    const more = w.all(w.execute('c'), w.sync);
    play.client(more).expect(asks('FETCH ALL FROM "c"'), up(more));
  });

  test('what SQL can run by its name is judged when it gets the name', () => {
    const play = open();
    const named = w.all(w.parse('s', 'drop table t'), w.bind('p', 's', ['a']), w.sync);
    play.client(named).expect(
      {
        do: 'judge-all',
        actions: [
          { kind: 'statement', class: 'unknown', text: 'PREPARE "s" AS drop table t' },
          { kind: 'statement', class: 'unknown', text: 'DECLARE "p" CURSOR FOR drop table t', parameters: ['a'] },
        ],
      },
      up(named),
    );
    const answer = w.all(w.parsed, w.error('42601', 'no cursor'), w.ready());
    play.upstream(answer).expect(finished(1, {}), finished(2, { error: { code: '42601' } }), down(answer));
  });

  test('a portal without a name is not left for a function of another one to fetch from', () => {
    const play = open();
    const both = w.all(w.parse('', 'drop table t'), w.bind('', ''), w.bind('q', 'by sql'));
    const asked = w.all(both, w.execute('q'), w.sync);
    play.client(asked).expect(asks('DECLARE "q" CURSOR FOR EXECUTE "by sql"'), up(w.all(both, NOTHING, w.sync)));
  });

  test('rows in parts are one statement, told when it is through', () => {
    const play = open();
    const first = w.all(w.parse('', 'select g'), w.bind('c', ''), w.execute('c', 2), w.flush);
    const actions = ['DECLARE "c" CURSOR FOR select g', 'select g'];
    play
      .client(first)
      .expect(
        { do: 'judge-all', actions: actions.map((text) => ({ kind: 'statement', class: 'unknown', text })) },
        up(first),
      );
    const some = w.all(w.parsed, w.bound, w.row('1'), w.row('2'), w.suspended);
    play.upstream(some).expect(finished(1, { rows: 0 }), down(some));
    const more = w.all(w.execute('c', 2), w.sync);
    play.client(more).expect(up(more));
    const rest = w.all(w.row('3'), w.complete('SELECT 1'), w.ready());
    play.upstream(rest).expect(finished(2, { rows: 3, bytes: 21, tag: 'SELECT 1' }), down(rest));
  });

  test('a portal that is left before its end is told when it goes', () => {
    const begun = w.all(w.parse('', 'select g'), w.bind('c', ''), w.execute('c', 1), w.sync);
    const some = w.all(w.parsed, w.bound, w.row('1'), w.suspended, w.ready('T'));
    const leave: [Uint8Array, Uint8Array][] = [
      [w.all(w.close('P', 'c'), w.sync), w.all(w.closed, w.ready('T'))],
      [w.sync, w.ready()],
    ];
    for (const [asked, answer] of leave) {
      const play = open();
      play.client(begun).expect({ do: 'judge-all' }, up(begun));
      play.upstream(some).expect({ do: 'note' }, down(some));
      play.client(asked).expect(up(asked));
      play.upstream(answer).expect(finished(2, { rows: 1 }), down(answer));
    }
    const again = open();
    const anew = w.all(w.bind('c', ''), w.sync);
    again.client(begun).expect({ do: 'judge-all' }, up(begun));
    again.upstream(some).expect({ do: 'note' }, down(some));
    again.client(anew).expect(asks('DECLARE "c" CURSOR FOR select g'), up(anew));
    again.upstream(w.all(w.bound, w.ready('T'))).expect(finished(2, { rows: 1 }), finished(3, {}), { do: 'send' });
    const play = open();
    play.client(begun).expect({ do: 'judge-all' }, up(begun));
    play.upstream(some).expect({ do: 'note' }, down(some));
    play.ends('upstream').expect(finished(2, { rows: 1 }), { do: 'send' }, { do: 'close' });
  });
});

suite('pipelines', () => {
  test('many statements of a chunk are judged in one wait', () => {
    const one = (n: number) => w.all(w.parse('', `select ${n}`), w.bind('', ''), w.execute(''), w.sync);
    const asked = w.all(one(1), one(2));
    open()
      .client(asked)
      .expect(
        {
          do: 'judge-all',
          actions: ['select 1', 'select 2'].map((text) => ({ kind: 'statement', class: 'unknown', text })),
        },
        up(asked),
      );
  });

  test('an error skips to Sync, and the record says what did not run', () => {
    const part = (text: string) => w.all(w.parse('', text), w.bind('', ''), w.execute(''));
    const asked = w.all(part('a'), part('b'), part('c'), w.sync, part('d'), w.sync);
    const answer = w.all(
      w.all(w.parsed, w.bound, w.complete('SELECT 1')),
      w.error('42601', 'syntax error'),
      w.ready(),
      w.all(w.parsed, w.bound, w.complete('SELECT 4'), w.ready()),
    );
    open()
      .client(asked)
      .expect({ do: 'judge-all' }, up(asked))
      .upstream(answer)
      .expect(
        finished(1, { tag: 'SELECT 1' }),
        finished(2, { error: { code: '25P02', message: 'not run: an earlier message of the pipeline failed' } }),
        finished(3, { error: { code: '25P02', message: 'not run: an earlier message of the pipeline failed' } }),
        finished(4, { tag: 'SELECT 4' }),
        down(answer),
      );
  });

  test('what comes after the error, before Sync, is skipped too', () => {
    const play = open();
    play.client(w.parse('', 'bad')).expect({ do: 'send' });
    play.upstream(w.error('42601', 'syntax error')).expect({ do: 'send' });
    const late = w.all(w.bind('', ''), w.execute(''));
    play.client(late).expect(asks('bad'), finishedLater(1), up(late));
    play.client(w.sync).expect(up(w.sync));
    play.upstream(w.ready()).expect(down(w.ready()));
  });

  test('a name whose new meaning may have failed is waited for', () => {
    const play = open();
    const before = w.all(w.parse('', 'old'), w.sync);
    play.client(before).expect(up(before));
    play.upstream(w.all(w.parsed, w.ready())).expect({ do: 'send' });
    const failing = w.all(w.bind('', 'none'), w.parse('', 'new'), w.sync);
    const next = w.all(w.bind('', ''), w.execute(''), w.sync);
    play.client(w.all(failing, next)).expect(up(failing));
    const failed = w.all(w.error('26000', 'no such statement'), w.ready());
    play.upstream(failed).expect(down(failed), asks('old'), up(next));
  });

  test('the same, where it did not fail', () => {
    const play = open();
    const defining = w.all(w.parse('s', 'new'), w.sync);
    const next = w.all(w.bind('', 's'), w.execute(''), w.sync);
    play.client(w.all(defining, next)).expect({ do: 'judge' }, up(defining));
    play.upstream(w.all(w.parsed, w.ready())).expect({ do: 'note' }, { do: 'send' }, asks('new'), up(next));
  });

  test('a client that never reads replies is not followed without end', () => {
    const play = open();
    const many = w.all(...Array.from({ length: 10_001 }, () => w.sync));
    play.client(many).expect(up(w.all(many, w.flush)));
    play.client(w.query('late')).expect();
    play
      .upstream(w.all(...Array.from({ length: 5_001 }, () => w.ready())))
      .expect({ do: 'send', to: 'client' }, { do: 'judge-all', actions: [{ text: 'late' }] }, up(w.query('late')));
  });
});

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

suite('COPY', () => {
  const begin = w.query('copy t from stdin');
  test('in', () => {
    const play = open();
    play.client(begin).expect(asks('copy t from stdin'), up(begin));
    play.upstream(w.copyInBegins).expect(down(w.copyInBegins));
    const lines = w.all(w.copyData('1\n'), w.copyData('22\n'), w.copyDone);
    play.client(lines).expect(up(lines));
    const done = w.all(w.complete('COPY 2'), w.ready());
    play
      .upstream(done)
      .expect(
        { do: 'note', entry: { kind: 'copied', statement: 1, direction: 'in', bytes: 5, rows: 2 } },
        finished(1, { rows: 2, bytes: 5, tag: 'COPY 2' }),
        down(done),
      );
  });

  test('what is sent into it and is no COPY data ends the flow, and is the client’s fault', () => {
    const play = open();
    const ahead = w.all(w.parse('', 'copy t from stdin'), w.bind('', ''), w.execute(''), w.close('S', ''), w.sync);
    play.client(ahead).expect({ do: 'judge' }, up(ahead));
    const refusal = { code: 'protocol', message: 'the client broke the protocol; the session was ended' } as const;
    play
      .upstream(w.all(w.parsed, w.bound, w.copyInBegins))
      .expect({ do: 'send' }, { do: 'refuse', refusal }, { do: 'send', to: 'client' });
  });

  test('in, by the extended protocol: the Sync that was sent ahead is passed over', () => {
    const play = open();
    const ahead = w.all(w.parse('', 'copy t from stdin'), w.bind('', ''), w.execute(''), w.sync);
    play.client(ahead).expect({ do: 'judge' }, up(ahead));
    play.upstream(w.all(w.parsed, w.bound, w.copyInBegins)).expect({ do: 'send' });
    const lines = w.all(w.copyData('1\n'), w.sync, w.copyDone, w.sync);
    play.client(lines).expect(up(lines));
    const done = w.all(w.complete('COPY 1'), w.ready());
    play.upstream(done).expect({ do: 'note', entry: { kind: 'copied' } }, finished(1, { rows: 1 }), down(done));
    play.client(w.query('next')).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(w.all(w.complete('SELECT 0'), w.ready())).expect(finished(2, {}), { do: 'send' });
  });

  test('in, failed by the server while lines are on their way', () => {
    const play = open();
    play.client(begin).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(w.copyInBegins).expect({ do: 'send' });
    play.client(w.copyData('x\n')).expect({ do: 'send' });
    const failed = w.all(w.error('22P02', 'not a number'), w.ready());
    play.upstream(failed).expect(finished(1, { error: { code: '22P02', message: 'not a number' } }), down(failed));
    const late = w.all(w.copyData('y\n'), w.copyDone, w.query('next'));
    play.client(late).expect(asks('next'), up(late));
    const done = w.all(w.complete('SELECT 1'), w.ready());
    play.upstream(done).expect(finished(2, { tag: 'SELECT 1' }), down(done));
  });

  test('in, given up by the client', () => {
    const play = open();
    play.client(begin).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(w.copyInBegins).expect({ do: 'send' });
    play.client(w.copyFail('no')).expect(up(w.copyFail('no')));
    const failed = w.all(w.error('57014', 'COPY from stdin failed: no'), w.ready());
    play.upstream(failed).expect(finished(1, { error: { code: '57014' } }), down(failed));
  });

  test('out', () => {
    const play = open();
    play.client(w.query('copy t to stdout')).expect({ do: 'judge' }, { do: 'send' });
    const answer = w.all(
      w.copyOutBegins,
      w.copyData('1\n'),
      w.copyData('2\n'),
      w.copyDone,
      w.complete('COPY 2'),
      w.ready(),
    );
    play
      .upstream(answer)
      .expect(
        { do: 'note', entry: { kind: 'copied', statement: 1, direction: 'out', bytes: 4, rows: 2 } },
        finished(1, { rows: 2, bytes: 4 }),
        down(answer),
      );
  });

  test('a statement among the lines ends the flow', () => {
    const play = open();
    play.client(begin).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(w.copyInBegins).expect({ do: 'send' });
    play.client(w.query('drop')).expect({ do: 'refuse', refusal: { code: 'protocol' } }, { do: 'send', to: 'client' });
  });

  test('CopyBoth is not for us', () => {
    const play = open();
    play.client(w.query('start_replication')).expect({ do: 'judge' }, { do: 'send' });
    play.upstream(w.frame('W', [0], w.i16(0))).expect({ do: 'refuse' }, { do: 'send', to: 'client' });
  });

  test('a line longer than any buffer streams through as it comes', () => {
    const play = open();
    play.client(w.query('copy t to stdout')).expect({ do: 'judge' }, { do: 'send' });
    const head = w.all(w.copyOutBegins, Uint8Array.from([0x64, ...w.i32(0x30000000)]));
    play.upstream(head).expect({ do: 'send', to: 'client', bytes: head, boundary: false });
    const piece = new Uint8Array(1000);
    play.upstream(piece).expect({ do: 'send', to: 'client', bytes: piece, boundary: false });
    expect(play.stage.engine.refuse({ code: 'internal', message: 'x' })).toHaveLength(0);
  });
});

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

suite('output on record', () => {
  const options = { recordsOutput: true };
  const columns = [{ name: 'a', format: 'text', type: 25 }];

  test('rows are revealed before they go to the client', () => {
    const play = open(options);
    play.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    const answer = w.all(w.columns('a'), w.row('x'), w.row(null), w.complete('SELECT 2'), w.ready());
    const first = w.columns('a').length + 11;
    const cells = Int32Array.of(first, 1, first + 12, -1);
    play
      .upstream(answer)
      .expect(
        { do: 'reveal', statement: 1, output: { kind: 'rows', columns, count: 2, bytes: answer, cells } },
        finished(1, { rows: 2 }),
        down(answer),
      );
  });

  test('columns of a named statement are known to each execution, formats from its Bind', () => {
    const play = open(options);
    const first = w.all(w.parse('s', 'a'), w.describe('S', 's'), w.sync);
    play.client(first).expect({ do: 'judge' }, up(first));
    play.upstream(w.all(w.parsed, w.parameters, w.columns('a'), w.ready())).expect({ do: 'note' }, { do: 'send' });
    const binary = w.frame('B', w.z(''), w.z('s'), w.i16(0), w.i16(0), w.i16(1), w.i16(1));
    play.client(w.all(binary, w.execute(''), w.sync)).expect({ do: 'judge' }, { do: 'send' });
    play
      .upstream(w.all(w.bound, w.row('\0'), w.complete('SELECT 1'), w.ready()))
      .expect(
        { do: 'reveal', output: { columns: [{ name: 'a', format: 'binary', type: 25 }] } },
        { do: 'note' },
        { do: 'send' },
      );
  });

  test('COPY out too; a row too long to keep is named', () => {
    const play = open(options);
    play.client(w.query('copy')).expect({ do: 'judge' }, { do: 'send' });
    play
      .upstream(w.all(w.copyOutBegins, w.copyData('1\n'), w.copyData('2\n')))
      .expect({ do: 'reveal', output: { kind: 'body', bytes: Buffer.from('1\n2\n') } }, { do: 'send' });
    const other = open(options);
    other.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    const head = w.all(w.columns('a'), Uint8Array.from([0x44, ...w.i32(2_000_004), ...w.i16(1)]));
    other
      .upstream(head)
      .expect(
        { do: 'reveal', output: { kind: 'message', text: 'a row of 2000000 bytes was not kept' } },
        { do: 'send', bytes: head, boundary: false },
      );
  });

  test('an output that came back changed ends the flow', () => {
    const play = open({ ...options, reveal: (output) => ({ ...output }) });
    play.client(w.query('a')).expect({ do: 'judge' }, { do: 'send' });
    play
      .upstream(w.all(w.columns('a'), w.row('x')))
      .expect({ do: 'reveal' }, { do: 'note' }, { do: 'cancel' }, { do: 'threw' });
  });
});

function finishedLater(statement: number) {
  return finished(statement, {
    error: { code: '25P02', message: 'not run: an earlier message of the pipeline failed' },
  });
}
