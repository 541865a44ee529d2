import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@hoop/core';
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
    const { out } = await hoop(['help']);
    expect(await hoop([])).toEqual({ code: 2, out: '', err: out });
    expect((await hoop(['help', 'sessions', 'ls'])).out).toBe((await hoop(['sessions', 'ls', '--help'])).out);
  });

  test.each(['-V', '--version'])('%s is version', async (flag) => {
    expect(await hoop([flag])).toEqual(await hoop(['version']));
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
    ['unknown command', ['nope'], "unknown command 'nope'", 'hoop help'],
    ['help on one', ['help', 'nope'], "unknown command 'nope'", 'hoop help'],
    ['unknown option', ['ls', '--nope'], "unknown option '--nope'", 'hoop help ls'],
    ['missing argument', ['show'], "missing required argument 'NAME'", 'hoop help show'],
    ['too many', ['ls', 'x'], "too many arguments for 'ls'. Expected 0 arguments but got 1: x.", 'hoop help ls'],
    ['a group alone', ['daemon'], 'which of its commands?', 'hoop help daemon'],
    ['one of a group', ['sessions', 'show'], "missing required argument 'ID'", 'hoop help sessions show'],
  ])('%s is exit 2', async (_, args, message, hint) => {
    const ran = await hoop(args);
    expect(ran).toEqual({ code: 2, out: '', err: `hoop: ${message}\n  ${hint}\n` });
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

  test('for a person, lines break between words', () => {
    const error = new UserError('x', 'the certificate of the IdP https://idp.example is not trusted', {
      hint: 'do this',
    });
    const { text } = render(error, { json: false, color: false, width: 40 });
    expect(text).toBe('hoop: the certificate of the IdP\n      https://idp.example is not trusted\n  do this\n');
  });

  test('colour only where wanted', () => {
    expect(render(new Error('x'), { json: false, color: true }).text).toContain('\u001b[31mhoop:');
    expect(render(new Error('x'), { json: false, color: false }).text).not.toContain('\u001b');
  });
});

describe('completion', () => {
  /** What bash would offer behind these words: the script, run in it, with a `hoop` that knows two connections. */
  function offered(...words: string[]): string[] {
    const folder = mkdtempSync(join(tmpdir(), 'hoop-completion-'));
    const list = 'pg-prod  postgres  127.77.3.2:5432  ready\npg-dev   postgres  127.77.3.3:5432  ready\n';
    const profiles = 'default  *  https://gw.example  alice\nacme        https://gw.acme.example  none\n';
    const says = `#!/bin/sh\ncase "$*" in ls) printf '${list}' ;; 'profile ls') printf '${profiles}' ;; esac\n`;
    writeFileSync(join(folder, 'hoop'), says, { mode: 0o755 });
    writeFileSync(join(folder, 'ca.pem'), '');
    writeFileSync(join(folder, 'complete.bash'), scriptFor('bash', commands));
    const ask = `cd '${folder}'; . ./complete.bash; COMP_WORDS=(hoop "$@"); COMP_CWORD=$#; compopt() { :; }
      _hoop hoop "\${COMP_WORDS[COMP_CWORD]}"; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const done = spawnSync('bash', ['--norc', '-c', ask, 'bash', ...words], { env, encoding: 'utf8' });
    expect(done.stderr).toBe('');
    return done.stdout.split('\n').filter(Boolean);
  }

  test.each([
    [['s'], ['show', 'status', 'sessions', 'setup']],
    [
      ['show', ''],
      ['pg-prod', 'pg-dev'],
    ],
    [['show', 'pg-p'], ['pg-prod']],
    [['connect', 'pg-d'], ['pg-dev']],
    [['show', 'pg-prod', '--a'], ['--as']],
    [
      ['show', 'pg-prod', '--as', ''],
      ['psql', 'dsn', 'jdbc', 'dbeaver'],
    ],
    [['show', 'pg-prod', '--as', '=', 'j'], ['jdbc']],
    [
      ['login', '--login-store', '='],
      ['keychain', 'memory'],
    ],
    [['login', '--ca-file', 'ca'], ['ca.pem']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [
      ['help', 'se'],
      ['sessions', 'setup'],
    ],
    [
      ['sessions', ''],
      ['ls', 'show'],
    ],
    [['sessions', 'ls', '--connection', 'pg-p'], ['pg-prod']],
    [['sessions', 'ls', '--a'], ['--all']],
    [['ls', ''], []],
    [
      ['ls', '--profile', ''],
      ['default', 'acme'],
    ],
    [['profile', 'use', 'a'], ['acme']],
    [['login', '--profile', '=', 'd'], ['default']],
    [['run', 'compge'], ['compgen']],
  ])('in bash, behind %j', (words, wanted) => {
    expect(offered(...words)).toEqual(wanted);
  });

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
