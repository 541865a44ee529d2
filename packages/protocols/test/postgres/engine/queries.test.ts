import { describe as suite, test } from 'vitest';
import * as w from '../wire.js';
import { asks, down, finished, finishedLater, NOTHING, open, up } from './opened.js';

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
