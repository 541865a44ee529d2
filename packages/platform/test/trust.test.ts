import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { authorityCertificate, leaf, newAuthority } from '../src/index.js';
import { planSetup, readRequest } from '../src/setup/index.js';
import type { Machine } from '../src/setup/machine.js';
import { actionText } from '../src/setup/plan.js';
import { isRoots, trustOn } from '../src/setup/roots.js';
import { runSystem } from '../src/setup/system.js';
import { fingerprintOf } from '../src/trust/certificate.js';
import { LAPTOP, REQUEST } from './laptop.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = pair();
const parts = newAuthority(key, NOW);
const certificate = new X509Certificate(authorityCertificate(parts));
const ASKED = { ...REQUEST, steps: ['ca' as const] };

test('a CA is its parts: whoever has them makes the same certificate, and its signature holds', () => {
  expect(certificate.verify(key.publicKey)).toBe(true);
  expect([certificate.ca, certificate.validTo]).toEqual([true, 'Dec 30 03:04:05 2035 GMT']);
  expect(authorityCertificate({ ...parts })).toBe(authorityCertificate(parts));
  expect(fingerprintOf(parts)).toBe(certificate.fingerprint.replaceAll(':', ''));
  expect(fingerprintOf(parts)).toBe(createHash('sha1').update(certificate.raw).digest('hex').toUpperCase());
});

test('a leaf is signed by the CA, or by itself', () => {
  const own = pair();
  const signed = new X509Certificate(leaf(['pg.hoop'], own, NOW, { parts, privateKey: key.privateKey }));
  expect([signed.checkIssued(certificate), signed.verify(key.publicKey), signed.ca]).toEqual([true, true, false]);
  expect([signed.checkHost('pg.hoop'), signed.checkHost('x.hoop')]).toEqual(['pg.hoop', undefined]);
  const self = new X509Certificate(leaf(['pg.hoop'], own, NOW));
  expect([self.verify(own.publicKey), self.checkHost('pg.hoop')]).toEqual([true, 'pg.hoop']);
  // RFC 5280 §4.1.2.5: from 2050 on, years have four digits.
  expect(new X509Certificate(leaf(['pg.hoop'], own, Date.UTC(2049, 6, 1))).validTo).toBe('Jul  1 00:00:00 2050 GMT');
});

describe('root', () => {
  const read = (over: object) => readRequest(JSON.stringify({ ...ASKED, authority: { ...parts, ...over } }));

  test('is given parts, never a certificate: what it makes of them can only be such a CA', () => {
    expect(read({}).authority).toEqual(parts);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' });
    for (const over of [
      { publicKey: rsa.toString('base64') },
      { publicKey: `${parts.publicKey}AAAA` },
      { serial: '00' },
      { serial: `${parts.serial}00` },
      { notBefore: -1 },
      { signature: 'x"\n' },
      { more: 1 },
    ])
      expect(() => read(over)).toThrow(/as authority/);
  });

  test('writes it where the system keeps roots, and tells browsers and Java', () => {
    const machine: Machine = {
      ...LAPTOP,
      nss: ['/home/alice/.pki/nssdb'],
      javas: [
        { home: '/usr/lib/jvm/own', own: false },
        { home: '/usr/lib/jvm/mallorys', own: false, foreign: true },
        { home: '/home/alice/.jdks/a', own: true },
      ],
    };
    const [plan] = planSetup(machine, read({}));
    const as = 'setpriv --reuid=1000 --regid=1000 --init-groups --reset-env --no-new-privs --';
    const crt = '/usr/local/share/ca-certificates/hoop-local-ca.crt';
    expect(plan?.can && plan.actions.filter((one) => one.do !== 'later').map(actionText)).toEqual([
      `write ${crt}`,
      'update-ca-certificates',
      `${as} certutil -A -t C,, -i ${crt} -d sql:/home/alice/.pki/nssdb -n hoop local CA`,
      `setpriv --no-new-privs -- /usr/lib/jvm/own/bin/keytool -importcert -noprompt -file ${crt} -cacerts -storepass changeit -alias hoop-local-ca`,
      `${as} /home/alice/.jdks/a/bin/keytool -importcert -noprompt -file ${crt} -cacerts -storepass changeit -alias hoop-local-ca`,
    ]);
    expect(plan).toMatchObject({ degraded: expect.stringMatching(/^not in \/usr\/lib\/jvm\/mallorys, which others/) });
    const text = plan?.can ? plan.actions.flatMap((one) => (one.do === 'write' ? [one.text] : []))[0] : undefined;
    expect(text).toContain(authorityCertificate(parts));
    expect(JSON.stringify(plan)).not.toContain('.postgresql');
    const again = planSetup({ ...machine, files: { [crt]: text! } }, read({}))[0];
    expect(again?.can && again.actions).toEqual([]);
  });

  test.each<[Machine['roots'], RegExp]>([
    ['redhat', /^write \/etc\/pki\/ca-trust\/source\/anchors\/hoop-local-ca\.pem\nupdate-ca-trust extract$/],
    ['suse', /^write \/etc\/pki\/trust\/anchors\/hoop-local-ca\.pem\nupdate-ca-certificates$/],
    ['arch', /^write \/etc\/ca-certificates\/trust-source\/anchors\/hoop-local-ca\.pem\nupdate-ca-trust$/],
    [
      'macos',
      /hoop-local-ca\.pem\nsecurity add-trusted-cert -d -r trustRoot -p ssl -k \/Library\/Keychains\/System\.keychain /,
    ],
  ])('on %s', (roots, lines) => {
    const [plan] = planSetup({ ...LAPTOP, roots }, read({}));
    expect(
      plan?.can &&
        plan.actions
          .filter((one) => one.do !== 'later')
          .map(actionText)
          .join('\n'),
    ).toMatch(lines);
  });

  test('without a CA, or without a store, says so', () => {
    expect(planSetup(LAPTOP, ASKED)[0]).toMatchObject({ can: false, hint: expect.stringContaining('--only ca') });
    expect(planSetup({ ...LAPTOP, roots: undefined }, read({}))[0]).toMatchObject({ can: false });
  });
});

test('stores are looked for where browsers and Javas have them; a Java that has the system’s needs nothing', () => {
  const folders: Record<string, string[]> = {
    '/home/alice/.mozilla/firefox': ['a.default', 'profiles.ini', 'with "quote'],
    '/usr/lib/jvm': ['default-java', 'java-17', 'mallorys', 'oracle-8'],
    '/home/alice/.jdks': ['corretto'],
  };
  const real: Record<string, string> = {
    '/usr/lib/jvm/default-java': '/usr/lib/jvm/java-17',
    '/usr/lib/jvm/default-java/lib/security/cacerts': '/etc/ssl/certs/java/cacerts',
    '/usr/lib/jvm/java-17/lib/security/cacerts': '/etc/ssl/certs/java/cacerts',
  };
  const found = trustOn(
    {
      platform: 'linux',
      run: (command) => ({ code: 0, stdout: command.includes('/usr/lib/jvm/mallorys') ? 'x\n' : '', stderr: '' }),
      text: () => undefined,
      exists: (path) => !path.startsWith('/etc/pki') && !path.includes('profiles.ini'),
      list: (path) => folders[path] ?? [],
      real: (path) => real[path] ?? path,
    },
    LAPTOP.person,
  );
  expect(found).toEqual({
    roots: 'debian',
    nss: ['/home/alice/.pki/nssdb', '/home/alice/.mozilla/firefox/a.default'],
    javas: [
      { home: '/usr/lib/jvm/mallorys', own: false, foreign: true },
      { home: '/usr/lib/jvm/oracle-8', own: false },
      { home: '/home/alice/.jdks/corretto', own: true },
    ],
  });
});

test.skipIf(process.getuid?.() !== 0)('root runs no program that somebody else may change, or put in its place', () => {
  const folder = mkdtempSync('/usr/lib/hoop-test-');
  const [home, keytool] = [join(folder, 'jdk'), join(folder, 'jdk/bin/keytool')];
  try {
    mkdirSync(join(home, 'bin'), { recursive: true });
    writeFileSync(keytool, '');
    symlinkSync('keytool', join(home, 'bin/other'));
    const is = () => isRoots({ run: runSystem }, home);
    expect(is()).toBe(true);
    for (const path of [folder, home, join(home, 'bin'), keytool]) {
      const { mode } = statSync(path);
      for (const change of [() => chownSync(path, 1001, 0), () => chmodSync(path, mode | 0o002)]) {
        change();
        expect([path, is()]).toEqual([path, false]);
        chownSync(path, 0, 0);
        chmodSync(path, mode);
      }
      chmodSync(path, mode | 0o020);
      expect(is()).toBe(true);
      chownSync(path, 0, 1001);
      expect(is()).toBe(false);
      chownSync(path, 0, 0);
      chmodSync(path, mode);
    }
    expect(is()).toBe(true);
    expect(isRoots({ run: runSystem }, join(folder, 'none'))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
