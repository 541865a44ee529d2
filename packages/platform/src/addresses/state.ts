import { renameSync } from 'node:fs';
import { readOwn, replaceOwn } from '../paths/apply.js';

/** What a laptop remembers of its names: chosen once, kept. `host` is the last byte of 127.77.subnet.host. */
export interface Remembered {
  subnet: number | undefined;
  /** Key: `profile/name`. A connection beyond the /24 has no host, only a high port. */
  names: Record<string, { host: number | undefined; highPort: number }>;
}

export const NOTHING: Remembered = { subnet: undefined, names: {} };

/** The state file. `spoiled`: it could not be read; it was moved aside to that path, and all starts again. */
export function loadRemembered(path: string, uid: number, now: number): Remembered & { spoiled?: string } {
  const text = readOwn(path, uid);
  if (text === undefined) return structuredClone(NOTHING);
  const parsed = parse(text);
  if (parsed !== undefined) return parsed;
  const aside = `${path}.unreadable-${now}`;
  renameSync(path, aside);
  return { ...structuredClone(NOTHING), spoiled: aside };
}

export function saveRemembered(path: string, remembered: Remembered): void {
  const { subnet, names } = remembered;
  replaceOwn(path, `${JSON.stringify({ version: 1, subnet, names }, null, 2)}\n`);
}

function parse(text: string): Remembered | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.version !== 1 || !isRecord(value.names)) return undefined;
  if (!(value.subnet === undefined || isWithin(value.subnet, 0, 255))) return undefined;
  const names: Remembered['names'] = {};
  for (const [key, entry] of Object.entries(value.names)) {
    if (!isRecord(entry) || !isWithin(entry.highPort, 1024, 65_535)) return undefined;
    if (!(entry.host === undefined || isWithin(entry.host, 1, 254))) return undefined;
    names[key] = { host: entry.host, highPort: entry.highPort };
  }
  return { subnet: value.subnet, names };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
