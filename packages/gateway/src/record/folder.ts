import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@hoop/core';
import { Seal, sealed } from './lines.js';

/** The record's files: `record/00000001.jsonl` and on, `record/head.json`; and the key that signs them, beside. */
export const segmentName = (segment: number) => `${String(segment).padStart(8, '0')}.jsonl`;

/** Numbers of the segments that are there, ascending. */
export function segmentsIn(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^\d{8}\.jsonl$/.test(name));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

/** Signs the record's seals. Its id, of the public key, is the gateway's. */
export class RecordKey {
  readonly gateway: string;
  readonly publicKey: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    this.#key = key;
    const spki = createPublicKey(key as never).export({ type: 'spki', format: 'der' });
    this.publicKey = spki.toString('base64');
    this.gateway = hash('sha256', spki, 'hex').slice(0, 16);
  }

  /** Opens the key of a data folder, making it on first use. */
  static open(data: string): RecordKey {
    const path = join(data, 'record.key');
    if (!existsSync(path)) {
      const { privateKey } = generateKeyPairSync('ed25519');
      writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    }
    const pem = readFileSync(path);
    try {
      return new RecordKey(createPrivateKey(pem));
    } catch (cause) {
      throw new UserError('record', `the record's key ${path} cannot be read`, {
        hint: 'restore it from its copy',
        cause,
      });
    }
  }

  seal(segment: number, entry: number, hash: string): Seal {
    const seal = { segment, entry, hash };
    return { ...seal, signature: sign(null, sealed(this.gateway, seal), this.#key).toString('base64') };
  }
}

const HEAD = 'head.json';

/** How far the chain has come, signed: a copy of the folder carries it along. */
export function writeHead(folder: string, seal: Seal): void {
  const path = join(folder, HEAD);
  writeFileSync(`${path}.new`, `${JSON.stringify(seal)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** `broken`: it is there, and not what was written. Throws where it cannot be read, which says nothing of what it is. */
export function readHead(folder: string): Seal | 'broken' | undefined {
  const path = join(folder, HEAD);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  try {
    return Seal.safeParse(JSON.parse(text)).data ?? 'broken';
  } catch {
    return 'broken';
  }
}
