import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorityCertificate, leaf, newAuthority, type Signer } from '../src/index.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const KEYTOOL = ['/usr/bin/keytool'].find((path) => existsSync(path));

/** What our CA's key can sign, as OpenSSL sees it, who also makes the certificates that we would not. */
describe.skipIf(!hasOpenssl)('the local CA, by OpenSSL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hoop-ca-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = pair();
  const signer: Signer = { parts: newAuthority(ca, Date.now()), privateKey: ca.privateKey };
  const verify = (name: string, ...purpose: string[]) =>
    spawnSync('openssl', ['verify', '-x509_strict', '-CAfile', 'ca.pem', ...purpose, name], {
      cwd: folder,
      encoding: 'utf8',
    });

  /** A key, and a request for a certificate of it. */
  function ask(name: string, subject: string): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    openssl('req', '-new', ...key, '-subj', subject, '-out', `${name}.csr`);
  }

  /** A certificate for whatever it says, signed by the CA's key. */
  function evil(name: string, subject: string, ...extensions: string[]): void {
    writeFileSync(
      at(`${name}.ext`),
      [
        'basicConstraints=critical,CA:FALSE',
        'authorityKeyIdentifier=keyid',
        'subjectKeyIdentifier=hash',
        ...extensions,
      ].join('\n'),
    );
    ask(name, subject);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-days',
      '30',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  }

  beforeAll(() => {
    writeFileSync(at('ca.pem'), authorityCertificate(signer.parts));
    writeFileSync(at('ca.key'), ca.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(at('leaf.pem'), leaf(['pg-prod.hoop'], pair(), Date.now(), signer));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('signs a leaf for a name of ours, for a server', () => {
    expect(verify('leaf.pem', '-purpose', 'sslserver', '-verify_hostname', 'pg-prod.hoop')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(verify('leaf.pem', '-verify_hostname', 'other.hoop').status).not.toBe(0);
    expect(verify('leaf.pem', '-purpose', 'sslclient').status).not.toBe(0);
    const text = openssl('x509', '-in', 'ca.pem', '-noout', '-text');
    for (const said of [
      'CA:TRUE, pathlen:0',
      'Certificate Sign',
      'DNS:hoop',
      'IP:0.0.0.0/0.0.0.0',
      'TLS Web Server Authentication',
    ])
      expect(text).toContain(said);
  });

  test('a leaf by hand for a name of ours is as good', () => {
    evil('good', '/CN=x.hoop', 'subjectAltName=DNS:x.hoop', 'extendedKeyUsage=serverAuth');
    expect(verify('good.pem', '-purpose', 'sslserver', '-verify_hostname', 'x.hoop')).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test.each([
    ['example', '/CN=x', 'DNS:example.com'],
    ['example-as-name', '/CN=example.com', ''],
    ['suffix', '/CN=x', 'DNS:evilhoop'],
    ['beside', '/CN=x.hoop', 'DNS:x.hoop,DNS:example.com'],
    ['address', '/CN=x', 'IP:127.0.0.1'],
    ['address-ours', '/CN=x.hoop', 'DNS:x.hoop,IP:127.77.3.3'],
    ['address-v6', '/CN=x', 'IP:::1'],
    ['email', '/CN=x', 'email:alice@example.com'],
    ['email-ours', '/CN=x', 'email:alice@x.hoop'],
    ['email-in-subject', '/CN=x/emailAddress=alice@example.com', 'DNS:x.hoop'],
    ['uri', '/CN=x', 'URI:https://example.com/'],
    ['uri-ours', '/CN=x', 'URI:https://x.hoop/'],
  ])('%s: what its key signs for %s %s is refused', (name, subject, alternative) => {
    evil(name, subject, ...(alternative === '' ? [] : [`subjectAltName=${alternative}`]));
    const done = verify(`${name}.pem`);
    expect([done.status, done.stderr]).toEqual([2, expect.stringMatching(/subtree violation/)]);
  });

  test('it signs no other CA, and nothing for a client or for mail', () => {
    evil('below', '/CN=below', 'basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign');
    ask('y', '/CN=y.hoop');
    openssl('x509', '-req', '-in', 'y.csr', '-CA', 'below.pem', '-CAkey', 'below.key', '-days', '9', '-out', 'y.pem');
    const below = verify('y.pem', '-untrusted', 'below.pem');
    expect([below.status, below.stderr]).toEqual([2, expect.stringMatching(/path length constraint exceeded/)]);
    evil(
      'client',
      '/CN=x.hoop',
      'subjectAltName=DNS:x.hoop',
      'extendedKeyUsage=clientAuth,emailProtection,codeSigning',
    );
    for (const purpose of ['sslclient', 'smimesign']) {
      const used = verify('client.pem', '-purpose', purpose);
      expect([used.status, used.stderr]).toEqual([2, expect.stringMatching(/certificate purpose/)]);
    }
  });

  test.skipIf(KEYTOOL === undefined)('Java reads it', () => {
    const args = [
      '-importcert',
      '-noprompt',
      '-alias',
      'hoop',
      '-file',
      'ca.pem',
      '-keystore',
      'store',
      '-storepass',
      'changeit',
    ];
    execFileSync(KEYTOOL!, args, { cwd: folder, stdio: 'ignore' });
    expect(existsSync(at('store'))).toBe(true);
  });
});
