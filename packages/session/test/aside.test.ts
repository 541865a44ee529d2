import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Aside } from '../src/aside.js';

/** A reader that does as the text says. */
const READER = `
import { parentPort, threadId } from 'node:worker_threads';
let catalogues = 0, catalogue;
parentPort.on('message', (question) => {
  if (!('text' in question)) { catalogue = question.catalogue; catalogues++; return; }
  if (question.text === 'hang') for (;;);
  if (question.text === 'throw') throw new Error('broken');
  if (question.text === 'exit') process.exit(0);
  parentPort.postMessage({ readings: [threadId, catalogue, catalogues, question.at], sound: question.text !== 'unsound' });
});
`;

let folder: string;
let aside: Aside;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-aside-'));
  writeFileSync(join(folder, 'reader.mjs'), READER);
  aside = new Aside(pathToFileURL(join(folder, 'reader.mjs')));
});
afterEach(() => {
  aside.end();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async (text: string, catalogue: unknown = 'a'): Promise<unknown> => {
  const answer = await aside.read('postgres', text, { catalogue, paths: [['public']] });
  return answer.ok ? answer.greeting : answer.refusal.message;
};
const TOO_LATE = 'The statement could not be read in time.';

describe('reading aside', () => {
  test('one thread reads all, and is told of a catalogue once', async () => {
    aside = new Aside(pathToFileURL(join(folder, 'reader.mjs')));
    const [thread] = (await ask('x')) as [number];
    expect(await ask('x')).toEqual([thread, 'a', 1, { paths: [['public']] }]);
    expect(await ask('x', 'b')).toEqual([thread, 'b', 2, { paths: [['public']] }]);
  });

  test('what takes too long is not read, and costs its thread only', async () => {
    aside = new Aside(pathToFileURL(join(folder, 'reader.mjs')), 200);
    const [first] = (await ask('x')) as [number];
    const [late, next] = await Promise.all([ask('hang'), ask('x')]);
    expect(late).toBe(TOO_LATE);
    expect((next as [number])[0]).not.toBe(first);
  });

  test.each(['throw', 'exit'])('a thread that ends itself (%s) has read nothing', async (text) => {
    aside = new Aside(pathToFileURL(join(folder, 'reader.mjs')));
    const [ended, next] = await Promise.all([ask(text), ask('x')]);
    expect(ended).toBe(TOO_LATE);
    expect(next).toContain('a');
  });

  test('a parser that may be broken is not asked again', async () => {
    aside = new Aside(pathToFileURL(join(folder, 'reader.mjs')));
    const [first] = (await ask('unsound')) as [number];
    const [second] = (await ask('x')) as [number];
    expect(second).not.toBe(first);
  });

  test('no more waits than is honest', async () => {
    const all = Array.from({ length: 100 }, () => ask('x'));
    expect((await Promise.all(all)).filter((one) => one === TOO_LATE).length).toBeGreaterThan(0);
  });

  test('without a reader nothing is read', async () => {
    aside = new Aside(pathToFileURL(join(folder, 'nothing.mjs')));
    expect(await ask('x')).toBe(TOO_LATE);
  });
});
