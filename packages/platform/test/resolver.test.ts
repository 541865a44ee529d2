import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  applyResolver,
  environment,
  planResolver,
  type ResolverFacts,
  resolverFacts,
  type Step,
  undoResolver,
} from '../src/index.js';

const LAPTOP: ResolverFacts = {
  platform: 'linux',
  uid: 0,
  resolved: true,
  resolvedIsAsked: true,
  linkExists: false,
  ip: true,
};
const SERVER = { address: '127.77.4.1', port: 5377 };

describe('the plan', () => {
  test('a link of our own, for .hoop and nothing else', () => {
    const plan = planResolver(LAPTOP, SERVER);
    expect(plan.can && plan.steps.map((step) => step.join(' '))).toEqual([
      'ip link add hoop0 type bridge',
      'ip addr add 192.0.2.53/32 dev hoop0',
      'ip link set hoop0 up',
      'resolvectl dns hoop0 127.77.4.1:5377',
      'resolvectl domain hoop0 ~hoop',
      'resolvectl default-route hoop0 no',
    ]);
    expect(plan.can && plan.undo).toEqual([['ip', 'link', 'del', 'hoop0']]);
  });

  test('a link that an earlier time left is replaced', () => {
    const plan = planResolver({ ...LAPTOP, linkExists: true }, SERVER);
    expect(plan.can && plan.steps[0]).toEqual(['ip', 'link', 'del', 'hoop0']);
  });

  test.each([
    ['macOS', { platform: 'darwin' as const }, /later version/],
    ['no systemd-resolved', { resolved: false }, /does not run/],
    ['nobody asks it', { resolvedIsAsked: false }, /do not ask it/],
    ['no iproute2', { ip: false }, /not installed/],
    ['not root', { uid: 1000 }, /takes root/],
  ])('%s: says why, and what works without', (_, over, why) => {
    const plan = planResolver({ ...LAPTOP, ...over }, SERVER);
    expect(plan).toMatchObject({
      can: false,
      why: expect.stringMatching(why),
      hint: expect.stringContaining('hoop run'),
    });
  });
});

test('the facts come from commands and files, without changing anything', () => {
  const asked: string[] = [];
  const facts = resolverFacts({ ...environment(), platform: 'linux', uid: 5 }, (command, args) => {
    asked.push([command, ...args].join(' '));
    return { code: command === 'resolvectl' ? 0 : 1, stdout: '', stderr: '' };
  });
  expect(facts).toMatchObject({ uid: 5, resolved: true, linkExists: false, ip: false });
  expect(asked.sort()).toEqual(['ip -V', 'ip link show hoop0', 'resolvectl status']);
});

/** The journal is root's. */
describe.runIf(process.getuid?.() === 0)('doing and undoing', () => {
  let folder: string;
  const ran: string[] = [];
  const show = () => {};
  const run = (failing?: string) => (command: string, args: readonly string[]) => {
    const line = [command, ...args].join(' ');
    ran.push(line);
    return { code: line === failing ? 1 : 0, stdout: '', stderr: 'because' };
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hoop-resolver-'));
    ran.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const plan = planResolver(LAPTOP, SERVER);

  test('how to undo it is on disk before the first step', () => {
    let journalled = false;
    applyResolver(plan, folder, show, (command, args) => {
      journalled ||= ran.length === 0 && readdirSync(folder).includes('resolver.json');
      return run()(command, args);
    });
    expect(journalled).toBe(true);
    expect(ran).toHaveLength(6);
    ran.length = 0;
    const shown: Step[] = [];
    expect(undoResolver(folder, (step) => shown.push(step), run())).toBe(true);
    expect(ran).toEqual(['ip link del hoop0']);
    expect(shown).toEqual([['ip', 'link', 'del', 'hoop0']]);
    expect(undoResolver(folder, show, run())).toBe(false);
  });

  test('a step that fails undoes those before it', () => {
    expect(() => applyResolver(plan, folder, show, run('resolvectl domain hoop0 ~hoop'))).toThrow(
      /because; all was undone/,
    );
    expect(ran.at(-1)).toBe('ip link del hoop0');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a journal is no way to run anything else as root', () => {
    writeFileSync(join(folder, 'resolver.json'), JSON.stringify({ version: 1, undo: [['sh', '-c', 'id']] }), {
      mode: 0o600,
    });
    undoResolver(folder, show, run());
    expect(ran).toEqual([]);
  });
});
