import { describe, expect, test } from 'vitest';
import { folded, Skip, type Step, summary, tell } from '../src/story/step.js';

const step = (name: string, run: () => Promise<string>, needs: string[] = []): Step<null> => ({
  group: 'G',
  name,
  needs,
  run,
});
const fine = (name: string, needs: string[] = []) => step(name, async () => `${name} done`, needs);

async function told(steps: readonly Step<null>[], strict = false, limit?: number) {
  const lines: string[] = [];
  const tally = await tell(steps, null, { strict, print: (line) => lines.push(line), ...(limit && { limit }) });
  return { lines, tally };
}

describe('the story', () => {
  test('a line a step, the group once', async () => {
    const { lines, tally } = await told([fine('one'), fine('two')]);
    expect(lines).toEqual(['G         ok one       one done', '          ok two       two done']);
    expect(summary(tally, 64_200)).toBe('2 ok, 0 failed, 0 skipped in 64 s.');
  });

  test('a failure says why, what next, and where the log is; what needs it is not tried', async () => {
    const broken = {
      ...step('one', async () => Promise.reject(new Error('no\nluck'))),
      trouble: () => ({ next: 'try', log: '/l' }),
    };
    const { lines, tally } = await told([broken, fine('two', ['one'])]);
    expect(lines).toEqual([
      'G         FAIL one       no | luck',
      '               next: try',
      '               log:  /l',
      '          FAIL two       not tried: one failed',
    ]);
    expect(tally.FAIL).toBe(2);
  });

  test('a skip says why and the cure; with CI=true it is a failure', async () => {
    const cannot = step('one', async () => Promise.reject(new Skip('psql: not installed', 'sudo apt install it')));
    expect((await told([cannot])).lines).toEqual(['G         skip one       psql: not installed; sudo apt install it']);
    expect((await told([cannot, fine('two', ['one'])], true)).tally).toEqual({ ok: 0, FAIL: 2, skip: 0 });
  });

  test('an interrupted step is not told as a failure, and nothing is begun after it', async () => {
    const interrupt = new AbortController();
    const lines: string[] = [];
    const begun: string[] = [];
    const steps = ['one', 'two', 'three'].map((name) =>
      step(name, async () => {
        begun.push(name);
        if (name !== 'two') return name;
        interrupt.abort();
        throw new Error('its server is gone');
      }),
    );
    const print = (line: string) => lines.push(line);
    await tell(steps, null, { strict: false, print, signal: interrupt.signal });
    expect([begun, lines]).toEqual([['one', 'two'], ['G         ok one       one']]);
  });

  test('a line is folded at blanks to the terminal, its parts below the text; one without blanks is left whole', () => {
    const line = `G         ok one       ${'word '.repeat(20).trim()}`;
    const parts = folded(line, 23, 60);
    expect(parts.every((part) => part.length <= 60)).toBe(true);
    expect(parts.slice(1).every((part) => part.startsWith(`${' '.repeat(23)}word`))).toBe(true);
    expect(parts.map((part) => part.trim()).join(' ')).toBe(line);
    expect(folded(line, 23)).toEqual([line]);
    expect(folded(`G         ok one       ${'x'.repeat(90)}`, 23, 60)).toHaveLength(1);
  });

  test('a step that does not end fails', async () => {
    const { tally, lines } = await told([step('one', () => new Promise(() => {}))], false, 10);
    expect(tally.FAIL).toBe(1);
    expect(lines[0]).toContain('not done after 0.01 s');
  });
});
