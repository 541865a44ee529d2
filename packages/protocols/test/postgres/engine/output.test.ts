import { describe as suite, test } from 'vitest';
import * as w from '../wire.js';
import { down, finished, open, up } from './opened.js';

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
