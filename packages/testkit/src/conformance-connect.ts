import { strict as assert } from 'node:assert';
import type { ConnectScript, Dialled, ProtocolSpec } from '@hoop/core';
import { EMPTY, ProtocolError } from '@hoop/core';
import type { Check } from './conformance.js';

/** A server for a `connect` script: gets what the script writes, gives what it answers (nothing, if it waits). */
export interface ConnectSample {
  name: string;
  options: Parameters<ProtocolSpec['connect']>[0];
  /** What the server says before it is asked anything, where it speaks first. */
  first?: Uint8Array;
  /** A fresh server for each play. `certificate` is what `start-tls` shows. */
  serve(): (written: Uint8Array) => Uint8Array;
  certificate?: Uint8Array;
  /** Must the upstream be ready at the end? */
  ok: boolean;
}

interface Played {
  dialled: Dialled | undefined;
  error: unknown;
  /** Bytes the server said in all. */
  said: number;
}

export function connectChecks(spec: ProtocolSpec, samples: readonly ConnectSample[]): Check[] {
  return samples.flatMap((sample) => [
    { name: `connect, every split: ${sample.name}`, run: () => everySplit(spec, sample) },
    { name: `connect, the server gone at every byte: ${sample.name}`, run: () => goneEverywhere(spec, sample) },
    { name: `connect, every byte bent: ${sample.name}`, run: () => bentEverywhere(spec, sample) },
  ]);
}

function everySplit(spec: ProtocolSpec, sample: ConnectSample): void {
  const expected = playConnect(spec, sample, {});
  if (expected.error !== undefined) throw expected.error;
  assert.equal(expected.dialled?.ok, sample.ok);
  for (let cut = 1; cut < expected.said; cut++) {
    assert.deepEqual(withoutBytes(playConnect(spec, sample, { cut })), withoutBytes(expected), `cut at byte ${cut}`);
  }
}

function goneEverywhere(spec: ProtocolSpec, sample: ConnectSample): void {
  const { said } = playConnect(spec, sample, {});
  for (let gone = 0; gone < said; gone++) {
    const { dialled, error } = playConnect(spec, sample, { gone });
    assert.ok(error instanceof ProtocolError || dialled?.ok === false, `gone at byte ${gone}: ${String(error)}`);
  }
}

function bentEverywhere(spec: ProtocolSpec, sample: ConnectSample): void {
  const { said } = playConnect(spec, sample, {});
  for (let bend = 0; bend < said; bend++) {
    const { error } = playConnect(spec, sample, { bend });
    assert.ok(error === undefined || error instanceof ProtocolError, `byte ${bend} bent: ${String(error)}`);
  }
}

/** The same outcome; what the script itself makes at random (nonces) is not part of it. */
const withoutBytes = ({ dialled, error }: Played) => ({ ok: dialled?.ok, error: String(error) });

interface Trouble {
  /** The server's bytes are cut in two here. */
  cut?: number;
  /** The server ends here. */
  gone?: number;
  /** This byte is inverted. */
  bend?: number;
}

function playConnect(spec: ProtocolSpec, sample: ConnectSample, trouble: Trouble): Played {
  const server = new Server(sample.serve(), trouble);
  server.say(sample.first ?? EMPTY);
  try {
    return { dialled: drive(spec.connect(sample.options), server, sample), error: undefined, said: server.said };
  } catch (error) {
    return { dialled: undefined, error, said: server.said };
  }
}

function drive(script: ConnectScript, server: Server, sample: ConnectSample): Dialled {
  let result = script.next();
  for (let steps = 0; result.done !== true; steps++) {
    if (steps > 10_000) throw new Error('the connect script spins');
    const effect = result.value;
    if (effect.do === 'write') server.write(effect.bytes);
    result = script.next(
      effect.do === 'read'
        ? server.read()
        : effect.do === 'start-tls'
          ? { certificate: sample.certificate ?? EMPTY }
          : undefined,
    );
  }
  return result.value;
}

class Server {
  said = 0;
  readonly #queue: Uint8Array[] = [];
  readonly #answer: (written: Uint8Array) => Uint8Array;
  readonly #trouble: Trouble;

  constructor(answer: (written: Uint8Array) => Uint8Array, trouble: Trouble) {
    this.#answer = answer;
    this.#trouble = trouble;
  }

  write(bytes: Uint8Array): void {
    this.say(this.#answer(bytes));
  }

  say(said: Uint8Array): void {
    if (said.length === 0) return;
    const { cut = 0, gone = Number.POSITIVE_INFINITY, bend = -1 } = this.#trouble;
    const from = this.said;
    this.said += said.length;
    const bytesNow = said.slice(0, Math.max(0, gone - from));
    if (bend >= from && bend < this.said) bytesNow[bend - from]! ^= 0xff;
    const at = cut > from && cut < this.said ? cut - from : 0;
    this.#queue.push(...[bytesNow.subarray(0, at), bytesNow.subarray(at)].filter((piece) => piece.length > 0));
  }

  /** A server with nothing more to say is one that has gone. */
  read(): Uint8Array | null {
    return this.#queue.shift() ?? null;
  }
}
