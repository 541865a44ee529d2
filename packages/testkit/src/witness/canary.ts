import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A real secret that must not be found. */
export interface Canary {
  name: string;
  bytes: Buffer;
}
export interface Sighting {
  canary: string;
  how: string;
  where: string;
}

interface Pattern {
  canary: string;
  how: string;
  bytes: Buffer;
}

/**
 * Each secret as it may lie about: raw, hex, and base64 in each of the three places it may begin at, without the characters
 * that its neighbours would change. UTF-16 is left out: nothing here writes it.
 */
export function patternsOf(canaries: readonly Canary[]): Pattern[] {
  return canaries.flatMap(({ name, bytes }) => {
    const hex = bytes.toString('hex');
    const encoded = [0, 1, 2].flatMap((shift) => base64At(bytes, shift));
    const texts = [hex, hex.toUpperCase()].map((text) => ({ how: 'hex', bytes: Buffer.from(text) }));
    const all = [
      { how: 'raw', bytes },
      ...texts,
      ...encoded.map((text) => ({ how: 'base64', bytes: Buffer.from(text) })),
    ];
    return all.map((pattern) => ({ canary: name, ...pattern }));
  });
}

function base64At(bytes: Buffer, shift: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
  const whole = Math.floor(padded.length / 3) * 4;
  const from = shift === 0 ? 0 : 4;
  const standard = padded.toString('base64').slice(from, whole);
  return [...new Set([standard, standard.replaceAll('+', '-').replaceAll('/', '_')])];
}

export function sightings(patterns: readonly Pattern[], bytes: Buffer, where: string): Sighting[] {
  const found = patterns.filter((pattern) => bytes.includes(pattern.bytes));
  return found.map(({ canary, how }) => ({ canary, how, where }));
}

/** All plain files under a folder; `seen` counts them. */
export function searchFiles(patterns: readonly Pattern[], folder: string, seen: { files: number }): Sighting[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return searchFiles(patterns, path, seen);
    if (!entry.isFile()) return [];
    seen.files += 1;
    return sightings(patterns, readFileSync(path), path);
  });
}

export interface MemorySearch {
  /** Bytes that were read. */
  bytes: number;
  found: Sighting[];
}

const STEP = 8 * 1024 * 1024;

/** A live process's writable memory (proc(5): maps, mem). Throws where the kernel does not let us look. */
export function searchMemory(patterns: readonly Pattern[], pid: number): MemorySearch {
  const overlap = Math.max(...patterns.map((pattern) => pattern.bytes.length)) - 1;
  const mem = openSync(`/proc/${pid}/mem`, 'r');
  const search: MemorySearch = { bytes: 0, found: [] };
  const chunk = Buffer.alloc(STEP + overlap);
  try {
    for (const [from, to] of writable(pid)) {
      for (let at = from; at < to; at += STEP) {
        const length = readAt(mem, chunk, at, Math.min(chunk.length, to - at));
        search.bytes += Math.min(length, STEP);
        search.found.push(...sightings(patterns, chunk.subarray(0, length), `memory of process ${pid}`));
      }
    }
  } finally {
    closeSync(mem);
  }
  return search;
}

function writable(pid: number): [number, number][] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      return from && to && !/\[v(var|syscall)/.test(line)
        ? [[Number.parseInt(from, 16), Number.parseInt(to, 16)] as [number, number]]
        : [];
    });
}

/** A region may vanish while we read. */
function readAt(mem: number, into: Buffer, position: number, length: number): number {
  try {
    return readSync(mem, into, 0, length, position);
  } catch {
    return 0;
  }
}

export const exists = (path: string) => statSync(path, { throwIfNoEntry: false }) !== undefined;
