import { strict as assert } from 'node:assert';

export interface FuzzOptions {
  /** Real bytes to bend. */
  corpus: readonly Uint8Array[];
  runs: number;
  seed: number;
  /** Decodes one stream, given in pieces; throws what the decoder throws. */
  decode(pieces: readonly Uint8Array[]): void;
  /** Whether this is how the decoder says that the bytes are wrong. */
  isRefusal(error: unknown): boolean;
  /** Milliseconds that one stream may take. */
  slow?: number;
}
export interface Fuzzed {
  runs: number;
  refused: number;
  /** Milliseconds of the slowest stream, at its fastest. */
  slowest: number;
}

/**
 * Feeds bent streams to a decoder: it takes them or refuses them, in time. What fails is printed as hex, to become a
 * regression test. A stream that seemed slow is tried again: the machine may have been busy with something else.
 */
export function fuzz({ corpus, runs, seed, decode, isRefusal, slow = 100 }: FuzzOptions): Fuzzed {
  const random = xorshift(seed);
  const fuzzed = { runs, refused: 0, slowest: 0 };
  for (let run = 0; run < runs; run++) {
    const bytes = bent(corpus, random);
    const pieces = cut(bytes, random);
    let ms = timed();
    for (let tries = 0; ms > slow / 10 && tries < 4; tries++) ms = Math.min(ms, timed());
    fuzzed.slowest = Math.max(fuzzed.slowest, ms);
    if (ms > slow) assert.fail(`run ${run} of seed ${seed} took ${ms} ms\n${hexOf(pieces)}`);

    function timed(): number {
      const from = performance.now();
      try {
        decode(pieces);
      } catch (error) {
        if (!isRefusal(error)) assert.fail(`run ${run} of seed ${seed}: ${String(error)}\n${hexOf(pieces)}`);
        fuzzed.refused += 1;
      }
      return performance.now() - from;
    }
  }
  return fuzzed;
}

const hexOf = (pieces: readonly Uint8Array[]) => pieces.map((piece) => Buffer.from(piece).toString('hex')).join(' | ');

type Random = (below: number) => number;

function xorshift(seed: number): Random {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const EDGE = [0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One of the corpus with up to six changes; now and then, as it was. */
function bent(corpus: readonly Uint8Array[], random: Random): Buffer {
  let bytes = Buffer.from(corpus[random(corpus.length)]!);
  for (let left = random(7); left > 0; left--) bytes = change(bytes, corpus, random);
  return bytes;
}

function change(bytes: Buffer, corpus: readonly Uint8Array[], random: Random): Buffer<ArrayBuffer> {
  const copy = Buffer.from(bytes);
  const at = random(copy.length + 1);
  const length = 1 + random(16);
  switch (random(8)) {
    case 0:
    case 1:
      if (at < copy.length) copy[at] = random(256);
      return copy;
    case 2:
      if (at + 4 <= copy.length) copy.writeUInt32BE(EDGE[random(EDGE.length)]!, at);
      return copy;
    case 3:
      if (at + 2 <= copy.length) copy.writeUInt16BE(EDGE[random(EDGE.length)]! & 0xffff, at);
      return copy;
    case 4:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
    case 5:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.max(0, at - length))]);
    case 6:
      return copy.subarray(0, at);
    default: {
      const other = corpus[random(corpus.length)]!;
      return Buffer.concat([copy.subarray(0, at), other.subarray(random(other.length + 1))]);
    }
  }
}

/** Whole, in two, or in pieces of one to 32 bytes. */
function cut(bytes: Buffer, random: Random): Uint8Array[] {
  const how = random(4);
  if (how < 2) return [bytes];
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = how === 2 ? 1 + random(bytes.length) : 1 + random(32);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
