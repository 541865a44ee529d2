import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, UserError } from '@hoop/core';
import { loadConfig } from '../config/load.js';
import { RecordKey } from '../record/folder.js';
import { type Known, type Verdict, verifyRecord } from '../record/verify.js';
import { openStore, RECORD_FOLDER } from '../store/open.js';
import { actAsOwner } from '../store/owner.js';
import { counted, type Terminal } from './render.js';

/** Checks the record: the gateway's own against its store, or a copy by itself. Throws `UserError` `broken`; as JSON the verdict says so. */
export async function verifyAudit(
  options: { config: string; copy?: string | undefined; key?: string | undefined; json?: boolean },
  io: Terminal,
): Promise<number> {
  const verdict = options.copy === undefined ? await own(options.config) : copied(options.copy, options.key);
  const { broken } = verdict;
  if (options.json) {
    io.out(JSON.stringify({ unbroken: !broken, ...verdict }));
    return broken ? EXIT.user : EXIT.ok;
  }
  if (broken)
    throw new UserError(
      'broken',
      `the record is broken at entry ${broken.entry} (segment ${broken.segment}): ${broken.why}`,
    );
  const entries = counted(verdict.entries, 'entry', 'entries');
  io.out(`unbroken: ${entries} in ${counted(verdict.segments, 'segment')}${told(verdict)}`);
  if (verdict.key !== undefined) io.out(`sealed by the key ${verdict.key}`);
  if (options.copy !== undefined && options.key === undefined)
    io.err(
      'a copy is checked against the key that it names: compare that with what the gateway itself prints, or give it by --key',
    );
  return EXIT.ok;
}

function told({ torn, tail }: Verdict): string {
  const crash = torn > 0 ? `; ${torn} left half-written by a crash, kept and marked` : '';
  return tail > 0 ? `${crash}; at the end ${counted(tail, 'byte')} not closed yet` : crash;
}

async function own(file: string): Promise<Verdict> {
  const { data } = loadConfig(file);
  actAsOwner(data);
  const folder = join(data, RECORD_FOLDER);
  if (!existsSync(folder)) throw new UserError('record', `there is no record in ${data} yet`);
  const store = await openStore(data);
  const head = await store.head();
  await store.close();
  const known: Known = { key: RecordKey.open(data).publicKey, ...(head && { head }) };
  return readable(folder, () => verifyRecord(folder, known));
}

function copied(folder: string, fingerprint: string | undefined): Verdict {
  const path = existsSync(join(folder, RECORD_FOLDER)) ? join(folder, RECORD_FOLDER) : folder;
  const verdict = readable(path, () => verifyRecord(path, { fingerprint: fingerprint?.toLowerCase() }));
  if (verdict.segments === 0 && !verdict.broken) throw new UserError('record', `there is no record in ${folder}`);
  return verdict;
}

function readable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { code, path: at = path } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new UserError('record', `cannot read ${at}: ${code}`, { hint: 'run it as a user who may read it', cause });
  }
}
