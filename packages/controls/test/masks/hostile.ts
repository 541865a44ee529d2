import type { Rows } from '@hoop/core';
import { FailedLoads, masksFor, rulesOf } from '../../src/index.js';

/** What a cell may be filled with to make a search slow: what detectors start at, go on with, and almost find. */
export const FILLINGS: readonly string[] = [
  ...[
    'a',
    '1',
    ' ',
    '@',
    'a@',
    '@.',
    'a@a.',
    'a.a@a.a ',
    '"@',
    '1 ',
    '1-',
    '+1',
    '(1)',
    '12345678',
    '123-45-',
    '4111 1111 1111 1112 ',
  ],
  ...[
    'GB82',
    'GB82 ',
    'DE89 3704 ',
    'eyJ',
    'eyJ.',
    'eyJa.eyJ',
    'sk-',
    'sk-a1',
    'AKIA',
    'AKIA1',
    'ghp_',
    'xoxb-1',
    'A1',
    'RSSMRA85T10A562',
  ],
  ...[
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY',
    '-----END ',
    'PuTTY-User-Key-File',
    '://',
    'a://b:c',
    ':a@',
    'https://a:b@c ',
  ],
  ...['é', '１', '\u200b', '1\u200b', '＠', '١', '𝟏', '\u0301', 'e\u0301', '–', '\u00a0'],
];

const MB = 1024 * 1024;

/** A cell of so many MB, filled. */
export function filled(filling: string, megabytes: number): Buffer {
  return Buffer.alloc(megabytes * MB, filling);
}

export interface Measured {
  /** Of the processor, from one pause to the next at the most, and in all; milliseconds. */
  longest: number;
  total: number;
}

/** Looks into one cell with every detector there is. */
export async function look(cell: Buffer): Promise<Measured> {
  // Of this thread alone: what the compiler and the collector do beside it holds nobody up.
  const cpu = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const begun = cpu();
  let [last, longest] = [begun, 0];
  const pause = async () => {
    const now = cpu();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const rules = [...rulesOf('pii', ['*']), ...rulesOf('secrets', ['*'])];
  const masks = masksFor(
    rules,
    { connection: 'c', groups: [], person: 'p' },
    { key: Buffer.from('k'), pause, failedLoads: new FailedLoads(Date.now) },
  );
  const source = { name: 'c', columns: [], exact: false };
  const columns = [{ name: 'c', format: 'text', type: 25, holds: 'text', source } as const];
  const rows: Rows = { kind: 'rows', columns, count: 1, bytes: cell, cells: Int32Array.of(0, cell.length) };
  await masks?.reveal(rows, 1);
  await pause();
  return { longest, total: cpu() - begun };
}
