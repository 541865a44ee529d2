import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../store/make-folder.js';
import { type Disk, disk as realDisk } from './disk.js';
import { RecordKey, segmentName, segmentsIn } from './folder.js';
import { type AuditLine, chainLine, hashOf, ZEROS } from './lines.js';
import { GatewayRecord } from './record.js';
import { type Scan, scanSegment } from './scan.js';

export interface OpenRecord {
  data: string;
  folder: string;
  now(): number;
  /** How far the chain had come, as the store knows it. */
  head: { segment: number; entry: number; hash: string } | undefined;
  disk?: Disk | undefined;
  segmentBytes?: number | undefined;
  onFailure?: ((error: Error) => void) | undefined;
}

/**
 * Opens the record to go on where it ended. What a crash left half-written is kept and sealed as torn. What is broken or
 * cut is left as it is, told in the record itself, and found by every later check: entries go on from where the store
 * knows the chain had come.
 */
export function openRecord(options: OpenRecord): GatewayRecord {
  makeFolder(options.folder);
  const key = RecordKey.open(options.data);
  const found = standing(options);
  const record = new GatewayRecord({ ...options, key, disk: options.disk ?? realDisk, from: found.from });
  for (const line of found.news) record.tell(line);
  return record;
}

interface Found {
  from: { segment: number; size: number; last: number; hash: string };
  news: AuditLine[];
}

function standing(options: OpenRecord): Found {
  const { folder, head } = options;
  const segment = segmentsIn(folder).at(-1);
  if (segment === undefined) return head ? cut(head, 0) : fresh(1, 0, ZEROS);
  const path = join(folder, segmentName(segment));
  const scan = scanSegment(readFileSync(path));
  if (!scan) return beforeHeader(options, segment);
  if (head && head.entry > scan.last) return cut(head, segment);
  if (scan.broken) return fresh(segment + 1, Math.max(scan.last, head?.entry ?? 0), scan.hash, [brokenAt(scan)]);
  const news = scan.tail > 0 ? [sealTorn(path, segment, scan)] : [];
  const from = { segment, size: statSync(path).size, last: scan.last, hash: scan.hash };
  return scan.sealed ? fresh(segment + 1, scan.last, scan.hash, news) : { from, news };
}

/** The last segment was being begun when the gateway died: it holds nothing, and is begun again. */
function beforeHeader(options: OpenRecord, segment: number): Found {
  const before = segmentsIn(options.folder)
    .filter((each) => each < segment)
    .at(-1);
  const scan = before && scanSegment(readFileSync(join(options.folder, segmentName(before))));
  const { head } = options;
  if (head && head.entry > (scan ? scan.last : 0)) return cut(head, segment);
  return scan ? fresh(segment, scan.last, scan.hash) : fresh(segment, 0, ZEROS);
}

/** Closes a torn batch: its bytes stay, under a chain line that says so. */
function sealTorn(path: string, segment: number, scan: Scan): AuditLine {
  const bytes = readFileSync(path);
  const tail = bytes.subarray(bytes.length - scan.tail);
  const ended = tail.at(-1) === 10 ? tail : Buffer.concat([tail, Buffer.from('\n')]);
  const hash = hashOf(scan.hash, ended);
  const chain = { first: scan.last + 1, last: scan.last, previous: scan.hash, hash, crc: [], torn: true as const };
  appendFileSync(path, ended.subarray(tail.length));
  appendFileSync(path, chainLine(chain), { flush: true });
  scan.hash = hash;
  const message = `${tail.length} bytes at the end of segment ${segment} were left by a crash; kept, after entry ${scan.last}`;
  return { kind: 'audit', event: 'record-torn', message };
}

function cut(head: { segment: number; entry: number; hash: string }, last: number): Found {
  const message = `the record ends before entry ${head.entry}, which was written`;
  const segment = Math.max(head.segment, last) + 1;
  return fresh(segment, head.entry, head.hash, [{ kind: 'audit', event: 'record-broken', message }]);
}

function brokenAt({ broken }: Scan): AuditLine {
  const message = `entry ${broken?.entry} in segment ${broken?.segment}: ${broken?.why}`;
  return { kind: 'audit', event: 'record-broken', message };
}

function fresh(segment: number, last: number, hash: string, news: AuditLine[] = []): Found {
  return { from: { segment, size: 0, last, hash }, news };
}
