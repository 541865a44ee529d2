import { isDeepStrictEqual } from 'node:util';
import type { Answer, ProtocolSpec, Side } from '@hoop/core';
import { type Heard, Stage, type StageOptions } from './playbook-stage.js';

/** Part of what is heard: the keys that are there must match, at any depth of plain objects and arrays. */
export type Expected = { do: Heard['do'] } & { readonly [key: string]: unknown };

/**
 * A conversation with an engine, step by step: bytes in, effects out, reply, go on.
 *
 * ```ts
 * const play = new Playbook(postgres, { dialled });
 * play.client(startup).expect({ do: 'dial', database: 'shop' }, { do: 'send', to: 'client', boundary: true });
 * ```
 * `expect` names all that happened since the last `expect`; a mismatch throws with the whole conversation printed.
 */
export class Playbook {
  readonly stage: Stage;
  readonly #lines: string[] = [];
  #seen = 0;
  #printed = 0;

  constructor(spec: ProtocolSpec, options: StageOptions = {}) {
    this.stage = new Stage(spec, options);
    this.stage.run();
  }

  client(bytes: Uint8Array): this {
    return this.#in('client', bytes);
  }

  upstream(bytes: Uint8Array): this {
    return this.#in('upstream', bytes);
  }

  ends(side: Side): this {
    this.#print();
    this.#lines.push(`${side} ends`);
    this.stage.end(side);
    return this;
  }

  /** Answers what `hold` left unanswered on a side's script. */
  reply(side: Side, answer: NonNullable<Answer>): this {
    this.#print();
    this.#lines.push(`reply to the ${side}'s script: ${show(answer)}`);
    this.stage.release(side, answer);
    return this;
  }

  expect(...expected: Expected[]): this {
    const heard = this.stage.heard.slice(this.#seen);
    this.#print();
    const at = expected.findIndex((one, index) => !matches(one, heard[index]));
    const wrong = at >= 0 ? at : heard.length > expected.length ? expected.length : -1;
    if (wrong >= 0) throw new Error(this.#mismatch(expected[wrong], heard[wrong]));
    this.#seen = this.stage.heard.length;
    this.stage.mark();
    return this;
  }

  #in(side: Side, bytes: Uint8Array): this {
    this.#print();
    this.#lines.push(`${side} sends ${show(bytes)}`);
    this.stage.feed(side, bytes);
    return this;
  }

  #print(): void {
    const heard = this.stage.heard;
    for (; this.#printed < heard.length; this.#printed++) this.#lines.push(`    ${show(heard[this.#printed])}`);
  }

  #mismatch(expected: Expected | undefined, got: Heard | undefined): string {
    return [
      'the engine left the playbook',
      ...this.#lines.map((line) => `  ${line}`),
      `expected: ${expected === undefined ? 'nothing more' : show(expected)}`,
      `     got: ${got === undefined ? 'nothing more' : show(got)}`,
    ].join('\n');
  }
}

function matches(expected: unknown, got: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(got);
  if (Array.isArray(expected)) {
    return Array.isArray(got) && got.length === expected.length && expected.every((one, at) => matches(one, got[at]));
  }
  if (expected instanceof Uint8Array) return got instanceof Uint8Array && Buffer.compare(expected, got) === 0;
  if (!isPlain(expected)) return isDeepStrictEqual(expected, got);
  if (typeof got !== 'object' || got === null) return false;
  return Object.entries(expected).every(([key, value]) => matches(value, (got as Record<string, unknown>)[key]));
}

/** A test runner's own matchers, such as `expect.any(Number)`. */
function isMatcher(value: unknown): value is { asymmetricMatch(got: unknown): boolean } {
  return typeof value === 'object' && value !== null && 'asymmetricMatch' in value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** One line: bytes as text with escapes, cut at 240. */
export function show(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key) {
    const inner = this[key];
    if (inner instanceof Uint8Array) return `${inner.length} bytes ${Buffer.from(inner).toString('latin1')}`;
    if (inner instanceof Map) return Object.fromEntries(inner);
    return inner instanceof Error ? `${inner.name}: ${inner.message}` : inner;
  });
  const line = text ?? String(value);
  return line.length <= 240 ? line : `${line.slice(0, 240)}…`;
}
