import { expect, describe as suite, test } from 'vitest';
import * as w from '../wire.js';
import { asks, down, finished, open, up } from './opened.js';

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
