import { describe, expect, test } from 'vitest';
import type { Command } from '../src/command.js';
import { commands } from '../src/commands/index.js';
import { scriptFor } from '../src/completion.js';
import { runProgram } from '../src/program.js';
import { render } from '../src/render.js';
import { hoop } from './stage.js';

const paths = (from: readonly Command[], before: string[] = []): string[][] =>
  from.flatMap((one) => [[...before, one.name], ...paths(one.commands ?? [], [...before, one.name])]);

describe('help', () => {
  test('of hoop', async () => {
    expect((await hoop(['--help'])).out).toMatchSnapshot();
    expect((await hoop([])).out).toBe((await hoop(['help'])).out);
  });

  test.each(paths(commands).map((path) => [path.join(' ')]))('of %s fits 80 columns', async (path) => {
    const { out, code } = await hoop([...path.split(' '), '--help']);
    expect(out).toMatchSnapshot();
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('what goes wrong', () => {
  test.each([
    ['unknown command', ['nope'], "unknown command 'nope'"],
    ['unknown option', ['ls', '--nope'], "unknown option '--nope'"],
    ['missing argument', ['show'], "missing required argument 'NAME'"],
    ['too many', ['ls', 'x'], "too many arguments for 'ls'. Expected 0 arguments but got 1: x."],
    ['a group alone', ['daemon'], 'which of its commands?'],
  ])('%s is exit 2', async (_, args, message) => {
    const ran = await hoop(args);
    expect(ran).toEqual({ code: 2, out: '', err: `hoop: ${message}\n  hoop help\n` });
    const json = await hoop([...args.slice(0, 1), '--json', ...args.slice(1)]);
    expect(JSON.parse(json.err).error.code).toBe('usage');
  });

  test('our own bug is exit 70 with its stack; --json of another program is not ours', async () => {
    const broken: Command = { name: 'broken', summary: 'x', run: () => Promise.reject(new TypeError('oh')) };
    let err = '';
    const needs = { err: (text: string) => (err += text), terminal: { err: false }, variables: {} };
    expect(await runProgram([broken], ['broken', '--', '--json'], needs as never)).toBe(2);
    expect(err).not.toContain('{');
    err = '';
    expect(await runProgram([broken], ['broken'], needs as never)).toBe(70);
    expect(err).toContain('this is a bug in hoop\nTypeError: oh');
  });

  test('colour only where wanted', () => {
    expect(render(new Error('x'), { json: false, color: true }).text).toContain('\u001b[31mhoop:');
    expect(render(new Error('x'), { json: false, color: false }).text).not.toContain('\u001b');
  });
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('for %s knows every command', (shell) => {
    const script = scriptFor(shell, commands);
    for (const path of paths(commands)) expect(script).toContain(path.at(-1));
    expect(script).toContain('login-store');
  });

  test('for another shell is exit 2', async () => {
    expect((await hoop(['completion', 'tcsh'])).code).toBe(2);
    expect((await hoop(['completion', 'bash'])).out).toContain('complete -F _hoop hoop');
  });
});
