import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { askAt } from '../src/ask.js';

function typed(keys: string) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = askAt(input, output, 'Now? [Y/n] ').finally(() => output.end());
  input.end(keys);
  return { answer, shown: text(output) };
}

test('a line is the answer; an end of input is no', async () => {
  expect(await typed('yes\n').answer).toBe('yes');
  expect(await typed('').answer).toBe('n');
});

test('Ctrl-C is no answer, and leaves the line', async () => {
  const { answer, shown } = typed('\u0003');
  await expect(answer).rejects.toMatchObject({ code: 'interrupted', exit: 'interrupted' });
  expect(await shown).toMatch(/Now\? \[Y\/n\] .*\n$/s);
});
