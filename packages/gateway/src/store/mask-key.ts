import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@hoop/core';

const BYTES = 32;

/**
 * The key of masks that hash: kept, so that equal values stay equal from one day to the next. Of the data folder, made on
 * first use. Throws `UserError` `data` if it cannot be read.
 */
export function openMaskKey(data: string): Uint8Array {
  const path = join(data, 'mask.key');
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  const key = Buffer.from(readFileSync(path, 'latin1').trim(), 'hex');
  if (key.length === BYTES) return key;
  throw new UserError('data', `the key of masks ${path} is not what was written`, { hint: 'restore it from its copy' });
}
