import type { Recorder, RecordLine } from '@hoop/controls';
import { HoopError } from '@hoop/core';
import type { Disk } from './disk.js';
import { type RecordKey, writeHead } from './folder.js';
import {
  type AuditLine,
  chainLine,
  crcOf,
  encode,
  type Header,
  hashOf,
  headerLine,
  type Line,
  numbered,
  type Seal,
  sealLine,
} from './lines.js';
import { Syncs } from './syncs.js';

/** The last segment is checked when a gateway starts: small enough that this takes a part of a second. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Lines that nobody waits for, kept while the disk refuses; beyond, they are counted. */
const KEEP = 10_000;
const RETRY = 1_000;
/** What only tells how something went waits this long for an intent to share its write with, or for this many others. */
const TELL_WITHIN = 10;
const TELL_AT_ONCE = 256;
/** Milliseconds since the last write after which an intent does not wait for others of its turn: nobody else is at it. */
const ALONE = 0.1;

export interface RecordOptions {
  folder: string;
  key: RecordKey;
  disk: Disk;
  now(): number;
  /** Where the chain stands; `segment` exists if `size` > 0. */
  from: { segment: number; size: number; last: number; hash: string };
  segmentBytes?: number | undefined;
  /** Told once for each time the disk begins to refuse. */
  onFailure?: ((error: Error) => void) | undefined;
}

interface Waiting {
  encoded: string;
  durability?: 'process' | 'disk';
  resolve?: () => void;
  reject?: (error: Error) => void;
}

/**
 * The gateway's one record. What all flows append in a turn of the event loop is one write and one hash; who waits for
 * the disk shares one fdatasync; what is only told waits up to 10 ms for company. A line that cannot be kept rejects, and the next one tries again.
 */
export class GatewayRecord implements Recorder {
  readonly #options: RecordOptions;
  readonly #syncs: Syncs;
  #pending: Waiting[] = [];
  #scheduled = false;
  #fd = -1;
  #segment: number;
  #size: number;
  #last: number;
  #hash: string;
  #lost = 0;
  #retry: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #written = 0;
  #failing = false;
  #closed = false;

  constructor(options: RecordOptions) {
    this.#options = options;
    this.#segment = options.from.segment;
    this.#size = options.from.size;
    this.#last = options.from.last;
    this.#hash = options.from.hash;
    this.#syncs = new Syncs(options.disk);
    if (this.#size > 0) this.#fd = options.disk.open(options.folder, this.#segment);
    else this.#begin(this.#segment);
  }

  /** The segment that is written to now. */
  get segment(): number {
    return this.#segment;
  }

  /** The number of the last entry that is written. */
  get last(): number {
    return this.#last;
  }

  append(line: RecordLine | AuditLine, durability: 'process' | 'disk'): Promise<void> | undefined {
    if (durability === 'process' && !this.#scheduled && !this.#closed && performance.now() - this.#written > ALONE) {
      let failure: Error | undefined;
      this.#pending.push({
        encoded: encode(line, this.#options.now()),
        reject: (error) => {
          failure = error;
        },
      });
      this.#flush();
      return failure && Promise.reject(failure);
    }
    return new Promise((resolve, reject) => this.#add(line, { durability, resolve, reject }));
  }

  tell(line: RecordLine | AuditLine): void {
    this.#add(line, {});
  }

  /** Writes what waits now, to the disk; answers the signed head. */
  async sync(): Promise<Seal> {
    this.#flush();
    const head = this.#options.key.seal(this.#segment, this.#last, this.#hash);
    await this.#syncs.wait(this.#fd);
    writeHead(this.#options.folder, head);
    return head;
  }

  async close(): Promise<Seal> {
    const head = await this.sync();
    this.#closed = true;
    this.#syncs.close(this.#fd);
    return head;
  }

  #add(line: Line, waiting: Omit<Waiting, 'encoded'>): void {
    if (this.#closed) {
      waiting.reject?.(failed('the record is closed'));
      return;
    }
    this.#pending.push({ encoded: encode(line, this.#options.now()), ...waiting });
    if (waiting.resolve === undefined && this.#pending.length < TELL_AT_ONCE) {
      this.#telling ??= setTimeout(() => this.#tellNow(), TELL_WITHIN);
      return;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #tellNow(): void {
    this.#telling = undefined;
    this.#flush();
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#pending.length === 0 || this.#closed) return;
    const batch = this.#pending;
    this.#pending = [];
    try {
      if (this.#size >= (this.#options.segmentBytes ?? SEGMENT_BYTES) || this.#syncs.suspect) this.#rotate();
      this.#write(batch);
    } catch (error) {
      this.#refuse(batch, error as Error);
      return;
    }
    this.#failing = false;
    this.#settle(batch);
  }

  #write(batch: readonly Waiting[]): void {
    const lines = batch.map((each, i) => numbered(this.#last + 1 + i, each.encoded));
    const raw = lines.join('');
    const hash = hashOf(this.#hash, raw);
    const last = this.#last + batch.length;
    const chain = { first: this.#last + 1, last, previous: this.#hash, hash, crc: lines.map(crcOf) };
    this.#put(Buffer.from(raw + chainLine(chain)));
    this.#last = last;
    this.#hash = hash;
    this.#written = performance.now();
  }

  /** All of it or none: what a full disk took of it is cut off again. */
  #put(bytes: Buffer): void {
    try {
      for (let from = 0; from < bytes.length; )
        from += this.#options.disk.write(this.#fd, bytes, from, this.#size + from);
    } catch (error) {
      this.#cutOff();
      throw error;
    }
    this.#size += bytes.length;
  }

  #cutOff(): void {
    try {
      this.#options.disk.truncate(this.#fd, this.#size);
    } catch {
      this.#syncs.suspect = true;
    }
  }

  #settle(batch: readonly Waiting[]): void {
    for (const each of batch) {
      if (each.durability === 'disk')
        this.#syncs.wait(this.#fd).then(each.resolve, (cause) => each.reject?.(unsynced(cause)));
      else each.resolve?.();
    }
    this.#syncs.soon(this.#fd);
  }

  #refuse(batch: readonly Waiting[], cause: Error): void {
    for (const each of batch) each.reject?.(failed('the record cannot be written', cause));
    const told = [...batch.filter((each) => !each.reject), ...this.#pending];
    const kept = told.slice(-KEEP);
    this.#lost += told.length - kept.length;
    this.#pending = kept;
    if (!this.#failing) this.#options.onFailure?.(cause);
    this.#failing = true;
    this.#retry ??= setTimeout(() => this.#again(), RETRY).unref();
  }

  #again(): void {
    this.#retry = undefined;
    if (this.#lost > 0) this.tell({ kind: 'audit', event: 'record-lost', message: `${this.#lost} lines did not fit` });
    this.#lost = 0;
    this.#flush();
  }

  /** Seals the segment and begins the next. One whose sync failed may not hold what it took: it is left as it is. */
  #rotate(): void {
    if (!this.#syncs.suspect) {
      this.#put(Buffer.from(sealLine(this.#options.key.seal(this.#segment, this.#last, this.#hash))));
      this.#options.disk.syncNow(this.#fd);
    }
    this.#syncs.close(this.#fd);
    this.#begin(this.#segment + 1);
  }

  #begin(segment: number): void {
    const { folder, key, disk } = this.#options;
    const { gateway, publicKey } = key;
    const header: Header = {
      segment,
      version: 1,
      gateway,
      key: publicKey,
      previous: this.#hash,
      first: this.#last + 1,
    };
    const line = Buffer.from(headerLine(header));
    this.#fd = disk.open(folder, segment);
    this.#segment = segment;
    this.#size = 0;
    disk.truncate(this.#fd, 0);
    this.#put(line);
    this.#hash = hashOf(header.previous, line);
    this.#syncs.suspect = false;
  }
}

const unsynced = (cause: unknown) => failed('the record did not reach the disk', cause);
const failed = (message: string, cause?: unknown) =>
  new HoopError('record-failed', message, { hint: 'the disk of the data folder is full or broken', cause });
