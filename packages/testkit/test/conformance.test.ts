import { describe, expect, test } from 'vitest';
import { conformance, Playbook, type Sample } from '../src/conformance-suite.js';
import { type Fault, framed, framedSpec } from './framed.js';

const samples: Sample[] = [
  {
    name: 'two commands, one denied',
    options: {
      judge: (action) =>
        'text' in action && action.text === 'drop' ? { allow: false, rule: 'no-drop', reason: 'no' } : { allow: true },
    },
    steps: [
      { client: Buffer.concat([framed('list'), framed('')]) },
      { upstream: framed('a, b') },
      { client: framed('drop') },
      { upstream: framed('c') },
      { ends: 'client' },
      { ends: 'upstream' },
    ],
  },
  // Stops inside a message.
  { name: 'half an answer', steps: [{ client: framed('list') }, { upstream: framed('a, b').subarray(0, 6) }] },
];
const connects = [
  { name: 'ready', ok: true, serve: () => () => Buffer.from('ready'), options: connectOptions() },
] as const;

function connectOptions() {
  return { login: undefined, database: '', parameters: new Map<string, string>(), tls: 'disable' as const };
}

/** Names of the checks that a specification fails. */
function failures(fault?: Fault): string[] {
  const checks = conformance({ spec: framedSpec(fault), samples, connects, runs: 300 });
  return checks.flatMap((check) => {
    try {
      check.run();
      return [];
    } catch {
      return [check.name];
    }
  });
}

test('a right engine passes all', () => {
  expect(failures()).toEqual([]);
});

test.each<[Fault, string]>([
  ['cuts frames by chunks', 'every split gives the same'],
  ['sends by chunks', 'every split gives the same'],
  ['allocates what is claimed', 'hostile lengths'],
  ['throws what is no protocol error', '300 random streams'],
  ['spins', '300 random streams'],
  ['stays when the client ends', 'ends of either side anywhere'],
  ['stays when the upstream ends', 'ends of either side anywhere'],
  ['reads after it was cancelled', 'cancelled at every yield'],
  ['refuses inside a message', 'cancelled at every yield'],
  ['refuses without a word', 'refusals are rendered'],
  ['judges what it does not declare', 'asks only what the protocol declares'],
  ['waits for a server that is gone', 'connect, the server gone at every byte'],
  ['takes any server for ready', 'connect, the server gone at every byte'],
])('an engine that %s fails "%s"', (fault, check) => {
  expect(failures(fault).filter((name) => name.startsWith(check))).not.toEqual([]);
});

describe('a playbook', () => {
  const start = () => new Playbook(framedSpec(), { hold: ['judge'] }).expect({ do: 'dial' });

  test('follows a conversation', () => {
    start()
      .client(framed('list'))
      .expect({ do: 'judge', action: { text: 'list' } })
      .reply('client', { allow: true })
      .expect({ do: 'send', to: 'upstream', bytes: framed('list') })
      .upstream(framed('a'))
      .expect({ do: 'send', to: 'client', bytes: framed('a'), boundary: true })
      .ends('client')
      .expect({ do: 'finish', side: 'upstream' });
  });

  test('prints it where it goes another way', () => {
    const play = start().client(framed('list'));
    const wrong = () => play.expect({ do: 'judge', action: { text: 'other' } });
    expect(wrong).toThrow(/left the playbook.*client sends "8 bytes.*list.*expected: .*other.*got: .*list/s);
  });

  test('minds what was not expected, and what did not happen', () => {
    expect(() => start().client(framed('list')).expect()).toThrow('expected: nothing more');
    expect(() => start().expect({ do: 'judge' })).toThrow('got: nothing more');
  });
});
