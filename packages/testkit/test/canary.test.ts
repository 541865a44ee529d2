import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { formOf } from '../src/browser/form.js';
import { CookieJar } from '../src/browser/jar.js';
import { patternsOf, searchFiles, searchMemory, sightings } from '../src/witness/index.js';

const folder = mkdtempSync(join(tmpdir(), 'hoop-canary-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the canary search', () => {
  test('finds a secret raw, as hex, and as base64 wherever it begins', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 12, maxLength: 64 }),
        fc.uint8Array({ maxLength: 20 }),
        fc.uint8Array({ maxLength: 20 }),
        fc.constantFrom('latin1', 'hex', 'base64', 'base64url'),
        (secret, before, after, encoding) => {
          const patterns = patternsOf([{ name: 'it', bytes: Buffer.from(secret) }]);
          const text = Buffer.concat([before, secret, after]).toString(encoding);
          const bytes = Buffer.from(text, encoding === 'latin1' ? 'latin1' : 'ascii');
          expect(sightings(patterns, bytes, 'here').length).toBeGreaterThan(0);
        },
      ),
    );
  });

  test('finds nothing where nothing is', () => {
    const patterns = patternsOf([{ name: 'it', bytes: Buffer.from('a-secret-of-some-length') }]);
    expect(sightings(patterns, Buffer.from('a-secret-of-some-lengtH'), 'here')).toEqual([]);
  });

  test('walks folders', () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    writeFileSync(join(folder, 'a/b/log'), `x ${Buffer.from('the-canary-value').toString('base64')}`);
    writeFileSync(join(folder, 'a/clean'), 'nothing');
    const seen = { files: 0 };
    const found = searchFiles(patternsOf([{ name: 'value', bytes: Buffer.from('the-canary-value') }]), folder, seen);
    expect(found).toEqual([{ canary: 'value', how: 'base64', where: join(folder, 'a/b/log') }]);
    expect(seen.files).toBe(2);
  });

  test.runIf(process.platform === 'linux')('looks into a process', () => {
    const held = Buffer.from(['in', 'memory', String(process.pid)].join('-'));
    const search = searchMemory(patternsOf([{ name: 'held', bytes: held }]), process.pid);
    expect(search.found[0]).toMatchObject({ canary: 'held', how: 'raw' });
    expect(search.bytes).toBeGreaterThan(1_000_000);
  });
});

describe('the browser', () => {
  test('sends a cookie back to its host and path only, and forgets what is expired', () => {
    const jar = new CookieJar();
    const at = (url: string) => new URL(url);
    jar.take(at('https://a:1/x'), ['one=1; Path=/in; HttpOnly', 'two=2; path=/', 'gone=3; path=/; max-age=0']);
    expect(jar.header(at('https://a:1/in/side'))).toBe('one=1; two=2');
    expect(jar.header(at('https://a:1/inside'))).toBe('two=2');
    expect(jar.header(at('https://a:2/in'))).toBeUndefined();
    jar.take(at('https://a:1/'), ['two=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(jar.header(at('https://a:1/'))).toBeUndefined();
  });

  test('reads a form', () => {
    const html =
      '<p><form action="/go?a=1&amp;b=2" method="POST"><input name="x" value="&lt;1&gt;"><input type=hidden name=y></form>';
    const form = formOf(html, new URL('https://a/b'));
    expect(form).toMatchObject({ method: 'POST', action: new URL('https://a/go?a=1&b=2') });
    expect([...(form?.fields ?? [])]).toEqual([
      ['x', '<1>'],
      ['y', ''],
    ]);
  });
});
