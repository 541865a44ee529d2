import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  assign,
  claimSubnet,
  firstOpenPort,
  loadRemembered,
  NOTHING,
  otherPort,
  type Remembered,
  routedPort,
  saveRemembered,
  subnetsToTry,
  without,
} from '../src/index.js';

describe('addresses', () => {
  test('are chosen once: whatever comes later, a name keeps its own', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/)), { maxLength: 5 }), (lists) => {
        let known: Remembered = NOTHING;
        for (const list of lists) {
          const next = assign(known, 'p', list);
          for (const [key, entry] of Object.entries(known.names)) expect(next.names[key]).toEqual(entry);
          known = next;
        }
        const entries = Object.values(known.names);
        expect(new Set(entries.map((entry) => entry.host)).size).toBe(entries.length);
        expect(new Set(entries.map((entry) => entry.highPort)).size).toBe(entries.length);
      }),
    );
  });

  test('the first name gets .3; beyond the /24 there are high ports only', () => {
    const names = Array.from({ length: 260 }, (_, i) => `n${String(i).padStart(3, '0')}`);
    const { names: all } = assign(NOTHING, 'p', names);
    expect(all['p/n000']?.host).toBe(3);
    expect(all['p/n251']?.host).toBe(254);
    expect(all['p/n252']?.host).toBeUndefined();
    expect(new Set(Object.values(all).map((entry) => entry.highPort)).size).toBe(260);
  });

  test('a name like a property of every object is a name', () => {
    expect(assign(NOTHING, 'p', ['constructor']).names['p/constructor']?.host).toBe(3);
  });

  test('of two profiles none is given more than half of the addresses, whatever its gateway lists', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `n${i}`);
    const crowded = assign(assign(NOTHING, 'a', ['first'], 2), 'b', many, 2);
    const hosts = (profile: string, of: Remembered) =>
      Object.entries(of.names).filter(([key, { host }]) => key.startsWith(`${profile}/`) && host !== undefined).length;
    expect(hosts('b', crowded)).toBe(126);
    const later = assign(crowded, 'a', many.slice(0, 125), 2);
    expect(hosts('a', later)).toBe(126);
  });

  test('names of a profile that come and go do not take all that is remembered', () => {
    let known = assign(NOTHING, 'a', ['kept'], 2);
    for (let push = 0; push < 30; push++) {
      known = assign(
        known,
        'b',
        Array.from({ length: 1_000 }, (_, i) => `n${push}-${i}`),
        2,
      );
    }
    expect(Object.keys(known.names).length).toBeLessThanOrEqual(2_001);
    expect(known.names['a/kept']?.host).toBe(3);
    const gone = without(known, 'b');
    expect(Object.keys(gone.names)).toEqual(['a/kept']);
  });

  test('another high port is neither one that is given nor one that was tried', () => {
    const known = assign(NOTHING, 'p', ['a', 'b']);
    const own = known.names['p/a']!.highPort;
    const other = otherPort(known, 'p/a', new Set([own]));
    expect([own, known.names['p/b']!.highPort]).not.toContain(other);
  });

  test('users and state folders start at different /24s, and the remembered one comes first', () => {
    const starts = new Set(Array.from({ length: 50 }, (_, i) => subnetsToTry(1000 + i, '/s', undefined)[0]));
    expect(starts.size).toBeGreaterThan(35);
    const ring = subnetsToTry(1000, '/s', 7);
    expect(ring[0]).toBe(7);
    expect(new Set(ring).size).toBe(256);
  });
});

test('a /24 is one daemon’s as long as it lives', async () => {
  const ring = subnetsToTry(process.pid, '/claim-test', undefined);
  const first = await claimSubnet(ring);
  const second = await claimSubnet(ring);
  expect(first.subnet).toBe(ring[0]);
  expect(second.subnet).toBe(ring[1]);
  await new Promise((closed) => first.server!.close(closed));
  const third = await claimSubnet(ring);
  expect(third.subnet).toBe(ring[0]);
  // Where it may not move, or where all are held: it stays, without the lock.
  expect(await claimSubnet(ring.slice(0, 2))).toEqual({ subnet: ring[0], server: undefined });
  expect(await claimSubnet([ring[1]!])).toEqual({ subnet: ring[1], server: undefined });
  second.server!.close();
  third.server!.close();
});

test('set-up’s port is no other user’s, as this machine has it', () => {
  const usual = readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8');
  expect(firstOpenPort('linux')).toBe(Number(usual));
  expect(routedPort('linux')).toBeLessThan(firstOpenPort('linux', () => undefined));
  expect(routedPort('linux')).toBeGreaterThanOrEqual(firstOpenPort('linux', () => '0\n'));
});

describe('the state file', () => {
  const uid = process.getuid!();
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hoop-state-'));
    path = join(folder, 'state.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('comes back as it was saved', () => {
    const saved = { ...assign(NOTHING, 'p', ['a', 'b']), subnet: 9 };
    saveRemembered(path, saved);
    expect(loadRemembered(path, uid, 1)).toEqual(saved);
  });

  const whole = JSON.stringify({ version: 1, subnet: 3, names: { 'p/a': { host: 3, highPort: 20_000 } } });
  test.each([
    ['truncated', whole.slice(0, 40)],
    ['empty', ''],
    ['of another version', whole.replace('"version":1', '"version":2')],
    ['with an address that is none', whole.replace('"host":3', '"host":999')],
    ['with a port that is none', whole.replace('20000', '"x"')],
    ['a list', '[]'],
  ])('%s: moved aside, and all starts again', (_, text) => {
    writeFileSync(path, text);
    const loaded = loadRemembered(path, uid, 77);
    expect(loaded).toEqual({ subnet: undefined, names: {}, spoiled: `${path}.unreadable-77` });
    expect(readdirSync(folder)).toEqual(['state.json.unreadable-77']);
  });
});
