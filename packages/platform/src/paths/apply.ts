import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '@hoop/core';

/**
 * Makes the folder if it is missing, and sees to it that it is a real folder of this user that nobody else can look into.
 * A symbolic link or a foreign owner is refused: whoever placed it could read or replace what we keep there.
 */
export function ownFolder(path: string, uid: number): void {
  told(path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
  const found = lstatSync(path);
  if (found.isSymbolicLink() || !found.isDirectory()) throw refused(path, 'is not a plain folder');
  if (found.uid !== uid) throw refused(path, `belongs to user id ${found.uid}`);
  if ((found.mode & 0o077) === 0) return;
  if (!isHoops(path)) throw refused(path, 'is open to other users', 'choose a folder of mode 0700, or chmod 700 it');
  chmodSync(path, 0o700);
}

/** Only folders that carry our name are closed: HOOP_SOCKET may lie in any folder, and that one is not ours to change. */
const isHoops = (path: string) => basename(path) === 'hoop' || basename(dirname(path)) === 'hoop';

/** Nobody's here: what a user namespace does not map, such as the root folder in a container (user_namespaces(7)). */
const UNMAPPED = 65_534;

/**
 * Sees to it that whoever answers on a socket is this user: it and its folder are theirs, and no other person's folder is on
 * the way, who could put another in its place. What is not there is not judged. Root may ask whom it likes.
 */
export function checkSocket(path: string, uid: number): void {
  const folder = dirname(path);
  for (let at = path; uid !== 0; at = dirname(at)) {
    const found = lookAt(at);
    const isOwn = at === path || at === folder;
    const allowed = isOwn ? [uid] : [uid, 0, UNMAPPED];
    if (found !== undefined && !allowed.includes(found.uid))
      throw foreign(path, `${at} belongs to user id ${found.uid}`);
    const isShared = found !== undefined && (found.mode & 0o002) !== 0 && (found.mode & 0o1000) === 0;
    if (isShared && at !== path) throw foreign(path, `everybody may change ${at}`);
    if (at === dirname(at)) return;
  }
}

/** Undefined: not there, or not to be seen; then a folder on the way to it says whose it is. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

const foreign = (path: string, why: string) =>
  new UserError('socket-foreign', `${path} is not your hoopd’s: ${why}`, {
    hint: 'unset HOOP_SOCKET and XDG_RUNTIME_DIR, or log in anew',
    exit: 'unavailable',
  });

/**
 * The file's text, or undefined if there is none. Links and foreign owners are refused; `orRoots`: but for a file that root has
 * placed, as for all of a company, and nobody else can write.
 */
export function readOwn(path: string, uid: number, { orRoots = false } = {}): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    throw code === 'ELOOP' ? refused(path, 'is a symbolic link') : cause;
  }
  try {
    checkFile(file, path, uid, orRoots);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Opens a file of ours for appending, 0600; the caller closes it. Links and foreign owners are refused. */
export function appendOwn(path: string, uid: number): number {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = told(path, () => openSync(path, flags, 0o600));
  checkFile(file, path, uid);
  return file;
}

/** Names of files that `replaceOwn` has not put in their place. */
export const UNFINISHED = /^\.\d+\.next$/;

/** What keeps a file or folder of ours from being written, as the person can mend it. */
const WHY: Record<string, readonly [why: string, hint: string]> = {
  ELOOP: ['is a symbolic link', 'move it away: hoop makes its own'],
  EACCES: ['may not be written', 'move it away, or give it and its folder back to yourself (chown, chmod)'],
  EPERM: ['may not be written', 'move it away, or give it and its folder back to yourself (chown, chmod)'],
  EROFS: ['is on a disk that is read-only', 'mount it to be written'],
  ENOSPC: ['cannot be written: its disk is full', 'make room there'],
  EDQUOT: ['cannot be written: your quota is used up', 'make room there'],
};

export function told<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const [why, hint] = WHY[(cause as NodeJS.ErrnoException).code ?? ''] ?? [];
    throw why === undefined ? cause : refused(path, why, hint);
  }
}

/** Replaces the file's text in one step, 0600: after a crash there is the old text or the new one. */
export function replaceOwn(path: string, text: string): void {
  told(path, () => replace(path, text));
}

function replace(path: string, text: string): void {
  const next = join(dirname(path), `.${process.pid}.next`);
  rmSync(next, { force: true });
  const file = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
}

function checkFile(file: number, path: string, uid: number, orRoots = false): void {
  const found = fstatSync(file);
  if (!found.isFile()) throw refused(path, 'is not a plain file');
  if (orRoots && found.uid === 0 && (found.mode & 0o022) === 0) return;
  if (found.uid !== uid) throw refused(path, `belongs to user id ${found.uid}`);
}

function refused(path: string, why: string, hint = 'move it away: hoop makes its own'): UserError {
  return new UserError('path-refused', `${path} ${why}`, { hint });
}
