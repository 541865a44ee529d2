import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@hoop/core';
import { loadConfig } from '../config/load.js';
import { RecordKey } from '../record/folder.js';
import { type Known, type Verdict, verifyRecord } from '../record/verify.js';
import { openStore, RECORD_FOLDER } from '../store/open.js';
import type { Terminal } from './render.js';

/** Checks the record: the gateway's own against its store, or a copy by itself. Throws `UserError` `broken`. */
export async function verifyAudit(
  options: { config: string; copy?: string | undefined; json?: boolean },
  io: Terminal,
): Promise<void> {
  const verdict = options.copy === undefined ? await own(options.config) : copied(options.copy);
  if (options.json) io.out(JSON.stringify({ unbroken: !verdict.broken, ...verdict }));
  const { broken } = verdict;
  if (broken)
    throw new UserError(
      'broken',
      `the record is broken at entry ${broken.entry} (segment ${broken.segment}): ${broken.why}`,
    );
  if (!options.json) io.out(`unbroken: ${verdict.entries} entries in ${verdict.segments} segments${told(verdict)}`);
}

function told({ torn, tail }: Verdict): string {
  const crash = torn > 0 ? `; ${torn} left half-written by a crash, kept and marked` : '';
  return tail > 0 ? `${crash}; ${tail} bytes at the end are not closed yet` : crash;
}

async function own(file: string): Promise<Verdict> {
  const { data } = loadConfig(file);
  const folder = join(data, RECORD_FOLDER);
  if (!existsSync(folder)) throw new UserError('record', `there is no record in ${data} yet`);
  const store = await openStore(data);
  const head = await store.head();
  await store.close();
  const known: Known = { key: RecordKey.open(data).publicKey, ...(head && { head }) };
  return readable(folder, () => verifyRecord(folder, known));
}

function copied(folder: string): Verdict {
  const path = existsSync(join(folder, RECORD_FOLDER)) ? join(folder, RECORD_FOLDER) : folder;
  const verdict = readable(path, () => verifyRecord(path));
  if (verdict.segments === 0 && !verdict.broken) throw new UserError('record', `there is no record in ${folder}`);
  return verdict;
}

function readable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new UserError('record', `cannot read ${path}: ${code}`, {
      hint: 'run it as a user who may read the copy',
      cause,
    });
  }
}
