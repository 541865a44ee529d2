import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHead, segmentName, segmentsIn } from './folder.js';
import { type Header, ZEROS } from './lines.js';
import { type Break, type Scan, scanSegment, sealMatches, signatureHolds } from './scan.js';

export interface Verdict {
  segments: number;
  entries: number;
  /** Batches that crashes left half-written. */
  torn: number;
  /** Bytes at the end that no chain line covers yet. */
  tail: number;
  /** SHA-256 of the public key that its seals are signed with; absent where no segment was read. */
  key?: string | undefined;
  broken?: Break | undefined;
}

/** What is known of the chain from elsewhere: the store's head, the gateway's own key. */
export interface Known {
  head?: { segment: number; entry: number; hash: string } | undefined;
  key?: string | undefined;
  /** SHA-256 of that key, where only this is known. */
  fingerprint?: string | undefined;
}

/** Checks a record's folder, every byte of it. Reads one segment at a time. */
export function verifyRecord(folder: string, known: Known = {}): Verdict {
  const verdict: Verdict = { segments: 0, entries: 0, torn: 0, tail: 0 };
  let before: Scan | undefined;
  for (const segment of segmentsIn(folder)) {
    const scan = scanSegment(readFileSync(join(folder, segmentName(segment))));
    verdict.broken = breakOf(segment, scan, before, known) ?? scan?.broken;
    if (scan) add(verdict, scan);
    if (verdict.broken || !scan) return verdict;
    before = scan;
  }
  verdict.broken = headBreak(folder, known, before);
  return verdict;
}

function add(verdict: Verdict, scan: Scan): void {
  verdict.segments += 1;
  verdict.entries = scan.last;
  verdict.torn += scan.torn;
  verdict.tail = scan.tail;
  verdict.key = fingerprintOf(scan.header.key);
}

/** How a segment fails to continue the one before. */
function breakOf(segment: number, scan: Scan | undefined, before: Scan | undefined, known: Known): Break | undefined {
  const entry = (before?.last ?? 0) + 1;
  const at = (why: string): Break => ({ segment, entry, why });
  if (!scan) return at('the segment has no whole header');
  const { header } = scan;
  if (header.segment !== segment) return at(`the segment says it is segment ${header.segment}`);
  if (before && before.tail > 0)
    return { segment: before.header.segment, entry, why: 'bytes follow that no chain line covers' };
  if (segment !== (before?.header.segment ?? 0) + 1) return at('a segment is missing before it');
  if (header.first !== entry) return at('entries are missing or added');
  if (header.previous !== (before?.hash ?? ZEROS)) return at('the segment does not continue the one before');
  if (!sameKey(header, before?.header, known)) return at('the segment names another key');
  return undefined;
}

function sameKey({ key }: Header, before: Header | undefined, known: Known): boolean {
  if (known.key !== undefined && key !== known.key) return false;
  if (known.fingerprint !== undefined && fingerprintOf(key) !== known.fingerprint) return false;
  return before === undefined || before.key === key;
}

/** SHA-256 of a SubjectPublicKeyInfo in base64, as 64 hexadecimal digits. */
export const fingerprintOf = (key: string): string =>
  createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex');

/** A record that ends before its head was cut; so was one whose head is gone. */
function headBreak(folder: string, known: Known, last: Scan | undefined): Break | undefined {
  const head = readHead(folder);
  const entry = (last?.last ?? 0) + 1;
  const at = (why: string): Break => ({ segment: last?.header.segment ?? 1, entry, why });
  const { head: store } = known;
  if (store && store.entry >= entry) return at(`it is missing: the store knows of ${store.entry} entries`);
  if (!last) return undefined;
  if (!head) return last.last === 0 ? undefined : at('head.json is missing, which says how far the chain had come');
  if (head === 'broken' || !signatureHolds(head, last.header)) return at('head.json is not the one that was signed');
  if (head.entry >= entry) return at(`it is missing: head.json tells of ${head.entry} entries`);
  if (head.entry === last.last && !sealMatches(head, last, last.header)) return at('head.json has another hash');
  if (store && store.entry === last.last && store.hash !== last.hash) return at('the store has another hash');
  return undefined;
}
