import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file to install: where, with which rights, and what is in it: a text, or the bytes of a file. Folders are 0755. */
export type Entry = { path: string; mode: number } & ({ text: string | Buffer } | { from: string });

export const file = (path: string, text: string | Buffer, mode = 0o644): Entry => ({ path, mode, text });
export const copy = (path: string, from: string, mode = 0o644): Entry => ({ path, mode, from });

/** The same entries below another folder. */
export const under = (folder: string, entries: readonly Entry[]): Entry[] =>
  entries.map((entry) => ({ ...entry, path: join(folder, entry.path) }));

export const bytesOf = (entry: Entry): Buffer =>
  'from' in entry ? readFileSync(entry.from) : Buffer.isBuffer(entry.text) ? entry.text : Buffer.from(entry.text);

export const byPath = (entries: readonly Entry[]): Entry[] =>
  entries.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));

/** Every folder on the way to an entry, the outer ones first. */
export function foldersOf(entries: readonly Entry[]): string[] {
  const found = new Set<string>();
  for (const { path } of byPath(entries)) {
    const parts = dirname(path).split('/').filter(Boolean);
    parts.forEach((_, at) => {
      found.add(parts.slice(0, at + 1).join('/'));
    });
  }
  found.delete('.');
  return [...found];
}

/**
 * Writes the entries as files of `folder`, which is emptied first. Rights do not depend on the umask, and all times are
 * `epoch` (seconds), so that an archive of it has the same bytes each time.
 */
export function stage(folder: string, entries: readonly Entry[], epoch: number): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const folders = foldersOf(entries).map((path) => join(folder, path));
  for (const path of folders) mkdirSync(path, { recursive: true });
  for (const entry of entries) {
    const path = join(folder, entry.path);
    if ('from' in entry) copyFileSync(entry.from, path);
    else writeFileSync(path, entry.text);
    chmodSync(path, entry.mode);
    utimesSync(path, epoch, epoch);
  }
  for (const path of [folder, ...folders].toReversed()) {
    chmodSync(path, 0o755);
    utimesSync(path, epoch, epoch);
  }
}

export const sizeOf = (entry: Entry): number =>
  'from' in entry ? statSync(entry.from).size : Buffer.byteLength(entry.text);
