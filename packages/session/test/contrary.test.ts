import type { Judge } from '@hoop/controls';
import type { Verdict } from '@hoop/core';
import { contrary } from '@hoop/testkit/contrary';
import { expect, test } from 'vitest';
import { flowTo, TestServer } from './rig.js';

/** Greets first; answers each line with its number, and opens a terminal where one is asked for. */
const serve = () => {
  const got: string[] = [];
  const start = TestServer.start((socket) => {
    socket.write('contrary 1\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').slice(0, -1)) {
        got.push(line);
        const [id, verb] = line.split(' ');
        socket.write(verb === 'shell' ? `${id} shell\n$ ` : `${id} ok done\n`);
      }
    });
    socket.on('end', () => socket.end());
  });
  return { got, start };
};

function holding() {
  const out = new Map<string, (verdict: Verdict) => void>();
  const judge: Judge = (action, _, say) => {
    if (!('text' in action) || !action.text.startsWith('held')) return { allow: true };
    say({ severity: 'notice', message: `${action.text} is looked at` });
    return new Promise((resolve) => out.set(action.text, resolve));
  };
  return { out, judges: [judge] };
}

test('requests overtake one that is held, and every kind of action is on record', async () => {
  const { got, start } = serve();
  await using server = await start;
  const { out, judges } = holding();
  const { wire, recorder, outcome, bugs } = flowTo(server.port, contrary, { judges });
  await wire.until(({ text }) => text === 'contrary 1\n');
  wire.say('1 held a\n2 list\n');
  await wire.until(({ text }) => text.includes('2 ok done') && text.includes('held a is looked at'));
  expect(got).toEqual(['2 list']);
  out.get('held a')?.({ allow: false, rule: 'no', reason: 'never' });
  await wire.until(({ text }) => text.includes('1 no no: never\n'));
  wire.say('3 shell\n');
  await wire.until(({ text }) => text.endsWith('3 shell\n$ '));
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'client' });
  expect(bugs).toEqual([]);
  const intents = recorder.lines.flatMap((one) =>
    one.kind === 'intent' ? [[one.number, one.action.kind, one.verdict]] : [],
  );
  expect(intents.sort()).toEqual([
    [1, 'command', 'deny'],
    [2, 'command', 'allow'],
    [3, 'shell-open', 'allow'],
  ]);
});

test('one of several that are held is stopped by its number, the others go on', async () => {
  const { got, start } = serve();
  await using server = await start;
  const { out, judges } = holding();
  const { wire, outcome } = flowTo(server.port, contrary, { judges });
  wire.say('1 held a\n2 held b\n1 stop\n');
  await wire.until(({ text }) => text.includes('1 no stopped\n'));
  out.get('held b')?.({ allow: true });
  await wire.until(({ text }) => text.includes('2 ok done\n'));
  expect(got).toEqual(['2 held b']);
  wire.onEnd();
  await outcome;
});

test('a client that ends its direction still gets the answers to what is quick', async () => {
  const { got, start } = serve();
  await using server = await start;
  const judges: Judge[] = [async () => ({ allow: true })];
  const { wire, outcome } = flowTo(server.port, contrary, { judges });
  wire.say('1 list\n2 list\n');
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'client' });
  expect(got).toEqual(['1 list', '2 list']);
  expect(wire.text).toContain('2 ok done\n');
});
