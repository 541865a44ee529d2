import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyStep, type Hands, undoAll } from '../src/setup/apply.js';
import { withBlock, withoutBlock } from '../src/setup/block.js';
import { Journal } from '../src/setup/journal.js';
import { type Action, MARK, type StepPlan } from '../src/setup/plan.js';

const me = process.getuid?.() ?? 0;
const TEXT = `# ${MARK}\nours\n`;

let folder: string;
let journalled: string;
let ran: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-setup-'));
  journalled = join(folder, 'var/hoop');
  mkdirSync(join(folder, 'var'));
  ran = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (path: string) => join(folder, path);
const ground = () => ({ folder: journalled, owner: me, places: [`${folder}/`] });
const open = (uid = 1000) => Journal.open(ground(), uid);
const find = () => Journal.find(ground());
/** `failing`: commands that end with 1. `power`: throws at the nth command, as a power cut would. */
const hands = (failing: readonly string[] = [], power = Number.POSITIVE_INFINITY): Hands => ({
  show: () => {},
  run: (command) => {
    const line = command.join(' ');
    ran.push(line);
    if (ran.length === power) throw new PowerCut();
    return { code: failing.includes(line) ? 1 : 0, stdout: '', stderr: 'because' };
  },
});
class PowerCut extends Error {}

const step = (actions: readonly Action[]): StepPlan & { can: true } => ({
  step: 'service',
  can: true,
  does: '',
  actions,
});
const systemctl = (verb: string) => ['systemctl', verb, 'hoop.service'] as const;
const enable: Action = { do: 'run', command: systemctl('enable'), undo: { command: systemctl('disable') } };
const reload: Action = { do: 'later', undo: { command: ['systemctl', 'daemon-reload'] } };
const unit = (): Action => ({ do: 'write', path: at('etc/unit.d/hoop.service'), text: TEXT });
const PLAN = () => step([reload, unit(), enable]);
const undo = (hand = hands()) => {
  const journal = find();
  return journal === undefined ? undefined : undoAll(journal.entries, journal, hand);
};

describe('a step', () => {
  test('is journalled before it is taken, and undone in reverse', () => {
    const journal = open();
    let seen: string[] = [];
    applyStep(PLAN(), journal, {
      ...hands(),
      show: (what) => {
        const now = find()?.entries.map((entry) => JSON.stringify(entry.undo)) ?? [];
        seen = [...seen, `${what}: ${now.length}`];
      },
    });
    expect(seen).toEqual([`write ${at('etc/unit.d/hoop.service')}: 4`, 'systemctl enable hoop.service: 5']);
    expect(readFileSync(at('etc/unit.d/hoop.service'), 'utf8')).toBe(TEXT);
    ran = [];
    expect(undo()).toEqual([]);
    expect(ran).toEqual(['systemctl disable hoop.service', 'systemctl daemon-reload']);
    expect(readdirSync(folder)).toEqual(['var']);
    expect([readdirSync(at('var')), undo()]).toEqual([[], undefined]);
  });

  test('that fails is undone, and says of what', () => {
    const failing = step([reload, unit(), enable, { do: 'run', command: systemctl('restart') }]);
    expect(() => applyStep(failing, open(), hands(['systemctl restart hoop.service']))).toThrow(
      /`systemctl restart hoop.service` failed: because; all of this step was undone/,
    );
    expect(ran.slice(-2)).toEqual(['systemctl disable hoop.service', 'systemctl daemon-reload']);
    expect([readdirSync(folder), readdirSync(at('var'))]).toEqual([['var'], []]);
  });

  test.each([1, 2, 3])('a power cut at command %i: what was done is undone later', (power) => {
    const plan = step([reload, enable, unit(), { do: 'run', command: systemctl('restart') }, enable]);
    const cut = { ...hands([], power) };
    // A power cut leaves no time to undo: nothing runs any more.
    const run = cut.run;
    let dead = false;
    cut.run = (command) => {
      if (dead) throw new PowerCut();
      try {
        return run(command);
      } catch (error) {
        dead = true;
        throw error;
      }
    };
    expect(() => applyStep(plan, open(), cut)).toThrow();
    ran = [];
    expect(undo() ?? []).toEqual([]);
    expect(existsSync(at('etc'))).toBe(false);
    expect(readdirSync(at('var'))).toEqual([]);
  });

  test('done twice is undone once', () => {
    applyStep(PLAN(), open(), hands());
    const entries = find()!.entries.length;
    applyStep(PLAN(), open(), hands());
    expect(find()!.entries).toHaveLength(entries);
    expect(undo()).toEqual([]);
    expect(readdirSync(folder)).toEqual(['var']);
  });

  test('what a version did before and this one does not is undone by this one', () => {
    writeFileSync(at('hosts'), 'a b\n');
    const old = step([
      { do: 'write', path: at('old.conf'), text: TEXT },
      { do: 'block', path: at('hosts'), text: 'x y\n' },
    ]);
    applyStep(old, open(), hands());
    applyStep(step([{ do: 'write', path: at('new.conf'), text: TEXT }]), open(), hands());
    expect(readdirSync(folder).sort()).toEqual(['hosts', 'new.conf', 'var']);
    expect(readFileSync(at('hosts'), 'utf8')).toBe('a b\n');
  });

  test('what cannot be undone is told, and stays in the journal for another try', () => {
    applyStep(PLAN(), open(), hands());
    expect(undo(hands(['systemctl disable hoop.service']))).toEqual([expect.stringContaining('because')]);
    expect(find()?.entries.map(({ undo }) => undo)).toEqual([{ undo: 'run', command: systemctl('disable') }]);
    expect(undo()).toEqual([]);
    expect(find()).toBeUndefined();
  });

  test('what is gone already is not undone', () => {
    const when = systemctl('cat');
    applyStep(
      step([{ do: 'run', command: systemctl('enable'), undo: { command: systemctl('disable'), when } }]),
      open(),
      hands(),
    );
    ran = [];
    expect(undo(hands(['systemctl cat hoop.service']))).toEqual([]);
    expect(ran).toEqual(['systemctl cat hoop.service']);
  });
});

describe('files', () => {
  const write = (path: string) => applyStep(step([{ do: 'write', path, text: TEXT }]), open(), hands());

  test('somebody else’s file, a link or a folder at our path stays as it is', () => {
    writeFileSync(at('file'), 'theirs');
    symlinkSync(at('file'), at('link'));
    mkdirSync(at('folder'));
    for (const name of ['file', 'link', 'folder'])
      expect(() => write(at(name))).toThrow(/is there already, and is not hoop/);
    expect(readFileSync(at('file'), 'utf8')).toBe('theirs');
    expect(readdirSync(folder).sort()).toEqual(['file', 'folder', 'link', 'var']);
  });

  test('a folder that others may write to is no place for a file of root’s', () => {
    mkdirSync(at('open/inner'), { recursive: true });
    chmodSync(at('open'), 0o777);
    expect(() => write(at('open/inner/x'))).toThrow(/not a folder that only the system can change/);
    expect(readdirSync(at('open/inner'))).toEqual([]);
  });

  test('another’s file in a folder that we made keeps the folder', () => {
    write(at('conf.d/hoop.conf'));
    writeFileSync(at('conf.d/theirs.conf'), '');
    expect(undo()).toEqual([]);
    expect(readdirSync(at('conf.d'))).toEqual(['theirs.conf']);
  });

  test('marked lines are edited in place, through a link to nowhere else', () => {
    writeFileSync(at('hosts'), '127.0.0.1 localhost');
    const inode = () => readFileSync(at('hosts'), 'utf8');
    applyStep(step([{ do: 'block', path: at('hosts'), text: '127.77.1.3 a.hoop\n' }]), open(), hands());
    expect(inode()).toContain('\n127.77.1.3 a.hoop\n');
    applyStep(step([{ do: 'block', path: at('hosts'), text: '127.77.1.4 b.hoop\n' }]), open(), hands());
    expect(inode()).not.toContain('a.hoop');
    undo();
    expect(inode()).toBe('127.0.0.1 localhost');
  });
});

test.each(['', 'a\n', 'a', 'a\n\n', '# BEGIN hoop\nx\n'])('a block goes in and out of %j', (text) => {
  const once = withBlock(text, 'x y\n');
  expect(withBlock(once, 'x y\n')).toBe(once);
  expect(withoutBlock(once)).toBe(text);
  expect(withoutBlock(withBlock(once, 'z\n'))).toBe(text);
  expect(withoutBlock(text)).toBe(text);
});

test('lines that were added behind the block stay', () => {
  expect(withoutBlock(`${withBlock('a\n', 'x\n')}b\n`)).toBe('a\nb\n');
  expect(withoutBlock(`${withBlock('a', 'x\n')}b\n`)).toBe('a\nb\n');
});

test('an editor’s blanks and line ends hide no mark, and without its end a block is no more than its own lines', () => {
  const ours = '127.77.1.3 pg.hoop\n';
  const blanks = withBlock('a\n', ours).replaceAll('setup\n', 'setup \t\n');
  expect(withoutBlock(`${blanks}10.0.0.1 printer\n`)).toBe('a\n10.0.0.1 printer\n');
  const crlf = `${withBlock('a\n', ours)}b\n`.replaceAll('\n', '\r\n');
  expect(withoutBlock(crlf)).toBe('a\r\nb\r\n');
  expect(withoutBlock(withBlock('a', ours).replaceAll('\n', '\r\n'))).toBe('a');
  const endless = withBlock('a\n', `${ours}127.77.1.4 b.acme.hoop\n`).replace('# END hoop setup\n', '');
  expect(withoutBlock(endless)).toBe('a\n');
  expect(withoutBlock(`${endless}10.0.0.1 printer\n127.0.0.1 x.hoop\n`)).toBe(
    'a\n10.0.0.1 printer\n127.0.0.1 x.hoop\n',
  );
  expect(withoutBlock(withBlock('a\n', ours).trimEnd())).toBe('a\n');
  expect(withoutBlock(`${endless}b\n${withBlock('', ours)}`)).toBe(`a\nb\n${withBlock('', ours)}`);
});

describe('the journal', () => {
  test('that a power cut ended at its first word leaves nothing', () => {
    const left = () => writeFileSync(join(journalled, '.4711.next'), '{"vers');
    mkdirSync(journalled, { mode: 0o700 });
    left();
    Journal.sweep(ground());
    expect(existsSync(journalled)).toBe(false);
    applyStep(PLAN(), open(), hands());
    left();
    Journal.sweep(ground());
    expect(readdirSync(journalled)).toEqual(['setup.json']);
    left();
    undo();
    expect(existsSync(journalled)).toBe(false);
  });

  test('is for one person at a time', () => {
    applyStep(PLAN(), open(), hands());
    expect(() => open(1001)).toThrow(/set up for user id 1000/);
  });

  test.each<[string, object]>([
    ['another program', { undo: { undo: 'run', command: ['sh', '-c', 'id'] } }],
    ['another program to ask', { undo: { undo: 'run', command: ['systemctl'], when: ['sh'] } }],
    ['a file of nobody’s', { undo: { undo: 'remove', path: '/etc/ssh/sshd_config' } }],
    ['a way out', { undo: { undo: 'remove', path: 'HERE/../x' } }],
    ['a step of nobody’s', { step: 'rm', undo: { undo: 'remove', path: 'HERE/x' } }],
  ])('is no way to do anything else as root: %s', (_, entry) => {
    mkdirSync(journalled, { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ version: 1, uid: 1000, entries: [{ step: 'service', ...entry }] }).replace(
      'HERE',
      folder,
    );
    writeFileSync(join(journalled, 'setup.json'), text, { mode: 0o600 });
    expect(() => find()).toThrow(/not a journal/);
  });
});
