import { createPublicKey, verify } from 'node:crypto';
import {
  CHAIN,
  type Chain,
  chainLine,
  crcOf,
  Header,
  hashOf,
  headerLine,
  SEAL,
  Seal,
  sealed,
  sealLine,
} from './lines.js';

/** Where a record is broken: the first entry that is not what was written. */
export interface Break {
  segment: number;
  entry: number;
  why: string;
}

/** What a segment holds, as far as it is whole. */
export interface Scan {
  header: Header;
  /** The last whole entry's number. */
  last: number;
  /** The chain's hash after it. */
  hash: string;
  /** Bytes after the last chain line, if any: a batch that a crash cut short, or that is being written now. */
  tail: number;
  sealed: boolean;
  torn: number;
  broken?: Break;
}

export type Visit = (text: string, n: number) => void;

/** Reads a segment's bytes and checks every one of them. `undefined`: not even its header is there. */
export function scanSegment(bytes: Buffer, visit?: Visit): Scan | undefined {
  const end = bytes.indexOf(10);
  const header = end < 0 ? undefined : Header.safeParse(parsed(bytes.subarray(0, end + 1))).data;
  if (!header || headerLine(header) !== bytes.toString('utf8', 0, end + 1)) return undefined;
  const scan: Scan = {
    header,
    last: header.first - 1,
    hash: hashOf(header.previous, bytes.subarray(0, end + 1)),
    tail: 0,
    sealed: false,
    torn: 0,
  };
  scanLines(bytes, end + 1, scan, visit);
  return scan;
}

function scanLines(bytes: Buffer, start: number, scan: Scan, visit: Visit | undefined): void {
  let batch = start;
  let at = start;
  while (!scan.broken) {
    const end = bytes.indexOf(10, at);
    if (end < 0) break;
    const line = bytes.subarray(at, end + 1);
    at = end + 1;
    if (starts(line, SEAL)) {
      const whole = batch === end + 1 - line.length && sealHolds(line, scan);
      if (!whole) return breakAt(scan, scan.last, 'the seal is not the one that was written');
      scan.sealed = true;
      batch = at;
    } else if (starts(line, CHAIN)) {
      const chain = parsed<{ chain: Chain }>(line)?.chain;
      if (chain === null || typeof chain !== 'object') continue;
      closeBatch(bytes.subarray(batch, at - line.length), chain, line, scan, visit);
      batch = at;
    }
  }
  scan.tail = scan.broken ? 0 : bytes.length - batch;
}

function closeBatch(raw: Buffer, chain: Chain, line: Buffer, scan: Scan, visit: Visit | undefined): void {
  const lines = linesOf(raw);
  const wrong = chain.torn ? -1 : lines.findIndex((each, i) => !isEntry(each, scan.last + 1 + i, chain, i));
  if (wrong >= 0) return breakAt(scan, scan.last + 1 + wrong, 'it is not what was written');
  const hash = hashOf(scan.hash, raw);
  const count = chain.torn ? 0 : lines.length;
  const right: Chain = {
    first: scan.last + 1,
    last: scan.last + count,
    previous: scan.hash,
    hash,
    crc: chain.torn ? [] : lines.map(crcOf),
    ...(chain.torn && { torn: true as const }),
  };
  if (chainLine(right) !== line.toString('utf8'))
    return breakAt(scan, scan.last + Math.max(1, count), whyOf(chain, right));
  if (chain.torn) scan.torn += 1;
  else if (visit) for (const [i, each] of lines.entries()) visit(each.toString('utf8'), scan.last + 1 + i);
  scan.last = right.last;
  scan.hash = hash;
}

function whyOf(chain: Chain, right: Chain): string {
  if (chain.previous !== right.previous) return 'it does not continue the entry before';
  return chain.last === right.last ? 'its hash is not the one that was written' : 'entries are missing or added';
}

const isEntry = (line: Buffer, n: number, chain: Chain, i: number) =>
  starts(line, `{"n":${n},`) && crcOf(line) === (Array.isArray(chain.crc) ? chain.crc[i] : undefined);

function sealHolds(line: Buffer, scan: Scan): boolean {
  const seal = Seal.safeParse(parsed<{ seal: unknown }>(line)?.seal).data;
  if (!seal || sealLine(seal) !== line.toString('utf8')) return false;
  return seal.segment === scan.header.segment && sealMatches(seal, scan, scan.header);
}

export function sealMatches(seal: Seal, at: { last: number; hash: string }, header: Header): boolean {
  return seal.entry === at.last && seal.hash === at.hash && signatureHolds(seal, header);
}

export function signatureHolds(seal: Seal, header: Pick<Header, 'gateway' | 'key'>): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(header.key, 'base64'), format: 'der', type: 'spki' });
    return verify(null, sealed(header.gateway, seal), key, Buffer.from(seal.signature, 'base64'));
  } catch {
    return false;
  }
}

function breakAt(scan: Scan, entry: number, why: string): void {
  scan.broken = { segment: scan.header.segment, entry: Math.max(1, entry), why };
}

function linesOf(raw: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    const end = raw.indexOf(10, at);
    const next = end < 0 ? raw.length : end + 1;
    lines.push(raw.subarray(at, next));
    at = next;
  }
  return lines;
}

const starts = (line: Buffer, prefix: string) => line.toString('latin1', 0, prefix.length) === prefix;

function parsed<T = unknown>(line: Buffer): T | undefined {
  try {
    return JSON.parse(line.toString('utf8')) as T;
  } catch {
    return undefined;
  }
}
