import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder, readOwn, replaceOwn } from '@hoop/platform';
import { z } from 'zod';

/** What may lie in a file of ours: where the login is, whose it is; nothing that proves it. */
export const Remembered = z.strictObject({
  gateway: z.url(),
  /** PEM. */
  ca: z.string().optional(),
  caFingerprint: z.string().optional(),
  /** PEM of the certificate that the fingerprint named. */
  pinned: z.string().optional(),
  email: z.string(),
  since: z.number().int(),
});
export type Remembered = z.infer<typeof Remembered>;

/** `login.json` in the state folder, 0600. */
export interface LoginFile {
  /** Undefined: there is none. Throws on one that cannot be read. */
  read(): Remembered | undefined;
  write(remembered: Remembered): void;
  remove(): void;
}

export function loginFile(folder: string, uid: number): LoginFile {
  const path = join(folder, 'login.json');
  return {
    read: () => {
      const text = readOwn(path, uid);
      return text === undefined ? undefined : Remembered.parse(JSON.parse(text));
    },
    write: (remembered) => {
      ownFolder(folder, uid);
      replaceOwn(path, `${JSON.stringify(remembered, null, 2)}\n`);
    },
    remove: () => rmSync(path, { force: true }),
  };
}
