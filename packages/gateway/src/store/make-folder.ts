import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '@hoop/core';

/**
 * Makes a folder, and those above it that are missing, for its owner alone (0700). One at a time: Node's own `recursive`
 * never returns where an existing folder answers ENOENT, as /proc does. Throws `UserError` `folder`.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  missing.forEach(makeOne);
  if (!statSync(path).isDirectory()) throw refused(path, 'a file of that name is there');
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw refused(path, code, cause);
  }
}

const refused = (path: string, why: string | undefined, cause?: unknown) =>
  new UserError('folder', `cannot make the folder ${path}: ${why}`, {
    hint: 'choose another, or mend its rights',
    cause,
  });
