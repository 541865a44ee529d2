import { conformance, Playbook, type Sample } from '@hoop/testkit/conformance';
import { expect, test } from 'vitest';
import { greetTcp } from '../src/tcp/greet.js';
import { tcp } from '../src/tcp/index.js';

const text = (words: string) => new TextEncoder().encode(words);
const samples: Sample[] = [
  {
    name: 'ask, answer, both end',
    steps: [
      { client: text('GET / HTTP/1.0\r\n\r\n') },
      { upstream: text('HTTP/1.0 200 OK\r\n\r\nhello') },
      { ends: 'upstream' },
      { ends: 'client' },
    ],
  },
  {
    name: 'the server speaks first',
    steps: [{ upstream: text('220 mail\r\n') }, { client: text('QUIT\r\n') }, { ends: 'client' }, { ends: 'upstream' }],
  },
];

for (const check of conformance({ spec: tcp, samples })) test(check.name, check.run);

test('both directions end apart', () => {
  new Playbook(tcp)
    .expect({ do: 'dial' }, { do: 'note', entry: { kind: 'opened' } })
    .client(text('a'))
    .expect({ do: 'send', to: 'upstream', bytes: text('a') })
    .ends('client')
    .expect({ do: 'finish', side: 'upstream' })
    .upstream(text('b'))
    .expect({ do: 'send', to: 'client', bytes: text('b') })
    .ends('upstream')
    .expect({ do: 'finish', side: 'client' });
});

test('an upstream that cannot be reached refuses the flow', () => {
  const refusal = { code: 'upstream-unreachable', message: 'pg-prod cannot be reached.' } as const;
  const play = new Playbook(tcp, { dialled: { ok: false, refusal } });
  play.expect({ do: 'dial' }, { do: 'refuse', refusal });
  expect(play.stage.over).toBe(true);
});

test('a flow is opened before the first byte', () => {
  expect(greetTcp.speaksFirst).toBe(true);
  expect(greetTcp.look(new Uint8Array(0), 'none')).toEqual({ step: 'open' });
});
