import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '@hoop/core';
import { makeFolder } from '../store/make-folder.js';
import { AUTHORITY, CLIENT, certificateOf, SERVER } from './certificates.js';
import { sansOf } from './names.js';

const DAY = 86_400_000;
/** Browsers' limit for a server certificate, which some TLS stacks share. */
const SERVER_DAYS = 398;
const AUTHORITY_DAYS = 3650;
/** Clocks differ: what is issued now is already good for a laptop that is behind. */
const BACKDATED = 60_000;
export const CLIENT_MILLIS = 15 * 60_000;

const FILES = { authority: 'ca.pem', authorityKey: 'ca.key', server: 'server.pem', serverKey: 'server.key' };
const generate = promisify(generateKeyPair);

/** The gateway's certificate authority: its own server certificate, and short ones for people's laptops. */
export class Authority {
  readonly pem: string;
  readonly #key: KeyObject;
  readonly #name: string;
  readonly #folder: string;

  private constructor(folder: string, pem: string, key: KeyObject) {
    this.#folder = folder;
    this.pem = pem;
    this.#key = key;
    this.#name = commonName(pem);
  }

  /** Makes the authority in `folder` (0700; keys 0600). Refuses to replace one. */
  static async create(folder: string, name: string): Promise<Authority> {
    makeFolder(folder);
    const pair = await keyPair(3072);
    const issuer = { commonName: `hoop ${name} CA`, key: createPrivateKey(pair.privateKey) };
    const now = Date.now();
    const { pem } = certificateOf({
      commonName: issuer.commonName,
      publicKeyPem: pair.publicKey,
      issuer,
      notBefore: new Date(now - BACKDATED),
      notAfter: new Date(now + AUTHORITY_DAYS * DAY),
      extensions: AUTHORITY,
    });
    writeFileSync(join(folder, FILES.authorityKey), pair.privateKey, { mode: 0o600, flag: 'wx' });
    writeFileSync(join(folder, FILES.authority), pem, { mode: 0o644, flag: 'wx' });
    return new Authority(folder, pem, issuer.key);
  }

  static open(folder: string): Authority {
    const pem = fileOf(folder, FILES.authority);
    const key = createPrivateKey(fileOf(folder, FILES.authorityKey));
    if (!new X509Certificate(pem).checkPrivateKey(key))
      throw new UserError('ca', `${join(folder, FILES.authorityKey)} is not the key of ${FILES.authority}`);
    chmodSync(join(folder, FILES.authorityKey), 0o600);
    return new Authority(folder, pem, key);
  }

  /** The gateway's own certificate, with the chain. Made again when it nears its end or lacks one of the names. */
  async server(hosts: readonly string[]): Promise<{ cert: string; key: string; renewed: boolean }> {
    const held = this.#heldServer(hosts);
    if (held) return { ...held, renewed: false };
    const pair = await keyPair(2048);
    const now = Date.now();
    const cert = certificateOf({
      commonName: hosts[0] ?? 'localhost',
      publicKeyPem: pair.publicKey,
      issuer: { commonName: this.#name, key: this.#key },
      notBefore: new Date(now - BACKDATED),
      notAfter: new Date(now + SERVER_DAYS * DAY),
      extensions: SERVER(hosts),
    }).pem;
    writeFileSync(join(this.#folder, FILES.serverKey), pair.privateKey, { mode: 0o600 });
    writeFileSync(join(this.#folder, FILES.server), cert, { mode: 0o644 });
    return { cert: cert + this.pem, key: pair.privateKey, renewed: true };
  }

  #heldServer(hosts: readonly string[]): { cert: string; key: string } | undefined {
    try {
      const cert = readFileSync(join(this.#folder, FILES.server), 'utf8');
      const key = readFileSync(join(this.#folder, FILES.serverKey), 'utf8');
      const leaf = new X509Certificate(cert);
      const named = hosts.every((host) => leaf.checkHost(host) !== undefined || leaf.checkIP(host) !== undefined);
      const lasts = leaf.validToDate.getTime() - Date.now() > 30 * DAY;
      const ours = leaf.verify(new X509Certificate(this.pem).publicKey) && leaf.checkPrivateKey(createPrivateKey(key));
      return named && lasts && ours ? { cert: cert + this.pem, key } : undefined;
    } catch {
      return undefined;
    }
  }

  /** A client certificate for a key whose possession has been proven. The names in it are ours, never the CSR's. */
  client(options: { publicKeyPem: string; email: string; subject: string; loginId: string; now: number }): {
    pem: string;
    serial: string;
    notAfter: number;
  } {
    const notAfter = Math.floor((options.now + CLIENT_MILLIS) / 1000) * 1000;
    const issued = certificateOf({
      commonName: options.email.slice(0, 64),
      publicKeyPem: options.publicKeyPem,
      issuer: { commonName: this.#name, key: this.#key },
      notBefore: new Date(options.now - BACKDATED),
      notAfter: new Date(notAfter),
      extensions: CLIENT(sansOf(options)),
    });
    return { ...issued, notAfter };
  }
}

function fileOf(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const hint = 'make one with: hoop-gateway init; or restore the folder from its copy';
    throw new UserError('ca', `cannot read ${join(folder, name)}: ${code}`, { hint, cause });
  }
}

function keyPair(modulusLength: number): Promise<{ publicKey: string; privateKey: string }> {
  return generate('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function commonName(pem: string): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1] ?? '';
}
