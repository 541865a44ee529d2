import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordLine } from '@hoop/controls';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Disk, disk } from '../src/record/disk.js';
import { RecordKey } from '../src/record/folder.js';
import { encode } from '../src/record/lines.js';
import { openRecord } from '../src/record/open.js';
import { statementsOf, talliesOf } from '../src/record/read.js';
import type { GatewayRecord } from '../src/record/record.js';
import { verifyRecord } from '../src/record/verify.js';
import { temporary } from './rig.js';

const WHO = { subject: 'u-alice', email: 'alice@shop.example', groups: ['dba'] };
const begin = (session: string): RecordLine => ({
  kind: 'session',
  session,
  who: WHO,
  connection: 'pg-prod',
  protocol: 'postgres',
});
const intent = (session: string, number: number, text = 'select 1'): RecordLine => ({
  kind: 'intent',
  session,
  number,
  action: { kind: 'statement', text, class: 'read', parameters: ['1', null] },
  verdict: 'allow',
});

test('a statement’s time is told to the microsecond', () => {
  const entry = { kind: 'finished', statement: 1, ms: 0.5731790000136243, rows: 0, bytes: 0 } as const;
  const line = JSON.parse(`{${encode({ kind: 'entry', session: 's', entry }, 1)}`) as { entry: { ms: number } };
  expect(line.entry.ms).toBe(0.573);
});

describe('the record', () => {
  let data: string;
  let folder: string;
  beforeEach(() => {
    data = temporary();
    folder = join(data, 'record');
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  const open = (
    more: { disk?: Disk; segmentBytes?: number; head?: { segment: number; entry: number; hash: string } } = {},
  ) => openRecord({ data, folder, now: () => 1_763_775_000_000, head: more.head, ...more });
  const segment = (n = 1) => join(folder, `${String(n).padStart(8, '0')}.jsonl`);
  const write = async (record: GatewayRecord, from: number, to: number) => {
    for (let n = from; n <= to; n += 1) await record.append(intent('7kq2', n), 'process');
  };

  test('is unbroken as it was written, over turns, segments and restarts', async () => {
    const first = open({ segmentBytes: 2_000 });
    await write(first, 1, 20);
    const head = await first.close();
    const second = open({ segmentBytes: 2_000, head });
    await write(second, 21, 40);
    await second.close();
    const verdict = verifyRecord(folder);
    expect(verdict).toMatchObject({ entries: 40, torn: 0, tail: 0, broken: undefined });
    expect(verdict.segments).toBeGreaterThan(3);
    expect((await statementsOf(folder, '7kq2', 1)).map((it) => it.number)).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
  });

  test('keeps what one turn appends as one batch, in the order of the calls', async () => {
    const record = open();
    record.tell(begin('a'));
    record.tell({ kind: 'entry', session: 'a', entry: { kind: 'opened', database: 'shop' } });
    await Promise.all([record.append(intent('a', 1), 'disk'), record.append(intent('b', 1), 'process')]);
    await record.close();
    const lines = readFileSync(segment(), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.kind ?? Object.keys(line)[0])).toEqual([
      'segment',
      'session',
      'entry',
      'intent',
      'intent',
      'chain',
    ]);
    expect(lines.slice(1, 5).map((line) => line.n)).toEqual([1, 2, 3, 4]);
  });

  test('a changed byte is found, at its entry, wherever it is', async () => {
    const record = open();
    await write(record, 1, 3);
    await Promise.all([record.append(intent('7kq2', 4), 'process'), record.append(intent('7kq2', 5), 'process')]);
    await record.close();
    const whole = readFileSync(segment());
    const lines = whole.toString().split('\n');
    let at = 0;
    const entries = lines.flatMap((line) => {
      const entry = line.startsWith('{"n":')
        ? [{ n: JSON.parse(line).n as number, from: at, to: at + line.length }]
        : [];
      at += line.length + 1;
      return entry;
    });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (position, change) => {
        const bytes = Buffer.from(whole);
        bytes[position] = bytes[position]! ^ change;
        writeFileSync(segment(), bytes);
        const { broken } = verifyRecord(folder);
        expect(broken).toBeDefined();
        const inside = entries.find((entry) => position >= entry.from && position < entry.to);
        if (inside) expect(broken?.entry).toBe(inside.n);
      }),
      { numRuns: 1_500, seed: 5 },
    );
  });

  test.each<[string, (bytes: string[]) => string[], number]>([
    ['an entry taken out', (lines) => lines.filter((line) => !line.startsWith('{"n":2,')), 2],
    ['a batch taken out', (lines) => [...lines.slice(0, 3), ...lines.slice(5)], 2],
    ['two batches exchanged', (lines) => [lines[0]!, lines[3]!, lines[4]!, lines[1]!, lines[2]!, ...lines.slice(5)], 1],
    ['an entry written twice', (lines) => [...lines.slice(0, 2), lines[1]!, ...lines.slice(2)], 2],
    ['the end cut at a batch', (lines) => lines.slice(0, 7), 4],
    ['all of it cut', (lines) => lines.slice(0, 1), 1],
  ])('%s is found', async (_, change, entry) => {
    const record = open();
    await write(record, 1, 5);
    await record.close();
    const lines = readFileSync(segment(), 'utf8').trimEnd().split('\n');
    writeFileSync(segment(), `${change(lines).join('\n')}\n`);
    expect(verifyRecord(folder).broken?.entry).toBe(entry);
  });

  test('a record that was made anew by someone without the key is found', async () => {
    const ours = open();
    await write(ours, 1, 3);
    const head = await ours.close();
    const { publicKey } = RecordKey.open(data);
    const copy = temporary();
    const theirs = openRecord({ data: copy, folder: join(copy, 'record'), now: Date.now, head: undefined });
    await write(theirs, 1, 3);
    await theirs.close();
    expect(verifyRecord(join(copy, 'record')).broken).toBeUndefined();
    expect(verifyRecord(join(copy, 'record'), { key: publicKey }).broken?.why).toMatch(/key/);
    const { key: fingerprint } = verifyRecord(folder, { key: publicKey });
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(verifyRecord(folder, { fingerprint }).broken).toBeUndefined();
    expect(verifyRecord(join(copy, 'record'), { fingerprint }).broken?.why).toMatch(/key/);
    cpSync(join(copy, 'record'), folder, { recursive: true });
    expect(verifyRecord(folder, { head }).broken?.why).toMatch(/store/);
    rmSync(copy, { recursive: true });
  });

  test('a cut is still found after the gateway went on', async () => {
    const first = open();
    await write(first, 1, 5);
    const head = await first.close();
    const lines = readFileSync(segment(), 'utf8').trimEnd().split('\n');
    writeFileSync(segment(), `${lines.slice(0, 7).join('\n')}\n`);
    const second = open({ head });
    await write(second, 6, 8);
    const next = await second.close();
    expect(verifyRecord(folder, { head: next }).broken).toMatchObject({ entry: 4 });
  });

  test.each([1, 40, 150])('a batch torn after %d bytes is kept and sealed, and the chain goes on', async (bytes) => {
    const first = open();
    await write(first, 1, 3);
    const head = await first.sync();
    const torn = `{"n":4,"at":1763775000000,${JSON.stringify(intent('7kq2', 4, "insert into t values ('x')")).slice(1)}\n{"chain":{"fi`;
    appendFileSync(segment(), torn.slice(0, bytes));
    expect(verifyRecord(folder)).toMatchObject({ entries: 3, tail: bytes, broken: undefined });
    const second = open({ head });
    await write(second, 4, 6);
    await second.close();
    expect(verifyRecord(folder)).toMatchObject({ entries: 7, torn: 1, tail: 0, broken: undefined });
    expect(readFileSync(segment(), 'utf8')).toContain(torn.slice(0, bytes));
    expect(readFileSync(segment(), 'utf8')).toContain('"event":"record-torn"');
  });

  test('a segment whose header was torn is begun again', async () => {
    const first = open();
    await write(first, 1, 3);
    const head = await first.close();
    writeFileSync(segment(2), '{"segment":2,"ver');
    const second = open({ head });
    await write(second, 4, 4);
    await second.close();
    expect(verifyRecord(folder)).toMatchObject({ entries: 4, segments: 2, broken: undefined });
  });

  describe('on a disk that refuses', () => {
    const refusing = (refuses: { write?: boolean; sync?: boolean; short?: boolean }): Disk => ({
      ...disk,
      write: (fd, bytes, from, position) => {
        if (refuses.short) {
          disk.write(fd, bytes.subarray(0, from + 10), from, position);
          throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        }
        if (refuses.write) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        return disk.write(fd, bytes, from, position);
      },
      sync: (fd, done) => (refuses.sync ? done(new Error('EIO')) : disk.sync(fd, done)),
    });

    test('an append rejects, what was told is kept, and it goes on when there is room', async () => {
      const refuses = { short: false };
      const record = open({ disk: refusing(refuses) });
      await write(record, 1, 2);
      refuses.short = true;
      record.tell({ kind: 'entry', session: '7kq2', entry: { kind: 'cancel' } });
      await expect(record.append(intent('7kq2', 3), 'process')).rejects.toMatchObject({ code: 'record-failed' });
      refuses.short = false;
      await write(record, 4, 4);
      await record.close();
      expect(verifyRecord(folder)).toMatchObject({ entries: 4, torn: 0, tail: 0, broken: undefined });
      const text = readFileSync(segment(), 'utf8');
      expect(text).toContain('"kind":"cancel"');
      expect(text).not.toContain('"number":3');
    });

    test('who waits for the disk is told that it failed, and a new segment is begun', async () => {
      const refuses = { sync: true };
      const record = open({ disk: refusing(refuses) });
      await expect(record.append(intent('7kq2', 1), 'disk')).rejects.toMatchObject({ code: 'record-failed' });
      refuses.sync = false;
      await record.append(intent('7kq2', 2), 'disk');
      await record.close();
      expect(verifyRecord(folder)).toMatchObject({ entries: 2, segments: 2, broken: undefined });
    });
  });

  test('who waits for the disk together shares its sync', async () => {
    let syncs = 0;
    const counting: Disk = {
      ...disk,
      sync: (fd, done) => {
        syncs += 1;
        disk.sync(fd, done);
      },
    };
    const record = open({ disk: counting });
    await Promise.all(Array.from({ length: 100 }, (_, n) => record.append(intent('7kq2', n + 1), 'disk')));
    expect(syncs).toBeLessThanOrEqual(2);
    await record.close();
  });

  test('cells are kept as the person saw them', async () => {
    const record = open();
    record.tell(begin('7kq2'));
    await record.append(intent('7kq2', 1), 'process');
    const columns = [
      { name: 'email', format: 'text' as const, type: 25 },
      { name: 'blob', format: 'binary' as const, type: 17 },
    ];
    const bytes = Buffer.concat([Buffer.from('zoë@shop.example'), Buffer.from([0, 255])]);
    const cells = Int32Array.of(0, 17, 17, 2, 19, -1, 19, -1);
    record.tell({
      kind: 'entry',
      session: '7kq2',
      entry: { kind: 'output', statement: 1, output: { kind: 'rows', columns, count: 2, bytes, cells } },
    });
    record.tell({
      kind: 'entry',
      session: '7kq2',
      entry: { kind: 'finished', statement: 1, ms: 2.5, rows: 2, bytes: 30, tag: 'SELECT 2' },
    });
    for (const [rule, cells] of [
      ['pii', 2],
      ['unread', 1],
    ] as const)
      record.tell({ kind: 'entry', session: '7kq2', entry: { kind: 'masked', statement: 1, rule, cells } });
    record.tell({ kind: 'end', session: '7kq2', outcome: { end: 'client', bytesIn: 10, bytesOut: 40 } });
    await record.close();
    expect(await statementsOf(folder, '7kq2', 1)).toEqual([
      {
        masked: [
          { rule: 'pii', cells: 2 },
          { rule: 'unread', cells: 1 },
        ],
        number: 1,
        at: 1_763_775_000_000,
        text: 'select 1',
        parameters: ['1', null],
        verdict: 'allow',
        ms: 2.5,
        rows: 2,
        bytes: 30,
        tag: 'SELECT 2',
        output: [
          {
            columns: ['email', 'blob'],
            rows: [
              ['zoë@shop.example', '\\x00ff'],
              [null, null],
            ],
          },
        ],
      },
    ]);
    expect((await talliesOf(folder, ['7kq2', 'none'], 1)).get('7kq2')).toMatchObject({
      end: 'client',
      totals: { statements: 1, rows: 2, ms: 2.5, bytes_out: 40 },
    });
  });

  test('a file cut to nothing is found', async () => {
    const record = open();
    await write(record, 1, 2);
    await record.close();
    truncateSync(segment(), 0);
    expect(verifyRecord(folder).broken).toMatchObject({ entry: 1 });
  });
});
