import type {
  ConnectAnswer,
  ConnectEffect,
  ConnectScript,
  Dialled,
  Errand,
  LearnOptions,
  ProtocolSpec,
  Ran,
  SideEffect,
  TlsFacts,
} from '@hoop/core';
import { ProtocolError, type UpstreamLogin } from '@hoop/core';
import { Chunks } from './chunks.js';
import type { Upstream } from './ports.js';
import { CredentialError, DialTimeout, refusalOf, unreadable } from './refusals.js';
import { UpstreamSocket } from './upstream.js';

/** TCP, TLS and authentication together. */
export const DIAL_MS = 10_000;

export interface DialOptions {
  spec: ProtocolSpec;
  upstream: Upstream;
  database: string;
  parameters: ReadonlyMap<string, string>;
  reads?: boolean | undefined;
  /** A connection that is secured already. */
  ready?: Secured | undefined;
  /** Aborted when the flow ends meanwhile. */
  signal: AbortSignal;
  deadlineMs?: number | undefined;
}

export type DialOutcome =
  | { dialled: Dialled & { ok: true }; socket: UpstreamSocket }
  | { dialled: Dialled & { ok: false }; socket?: undefined };

/** Opens the upstream by the protocol's own script. What goes wrong is a refusal, never an exception. */
export async function dial({
  spec,
  upstream,
  database,
  parameters,
  reads,
  ready,
  signal,
  deadlineMs,
}: DialOptions): Promise<DialOutcome> {
  try {
    const login = await loginOf(upstream);
    const script = spec.connect({ login, database, parameters, tls: upstream.tls, secured: ready?.facts, reads });
    const { dialled, socket } = await within(deadlineMs ?? DIAL_MS, signal, (stop) =>
      follow(script, upstream, stop, undefined, ready?.socket),
    );
    if (dialled.ok) return { dialled, socket };
    socket.destroy();
    return { dialled };
  } catch (error) {
    ready?.socket.destroy();
    return { dialled: { ok: false, refusal: refusalOf(upstream.name, error) } };
  }
}

/** A connection on which the next that is said is a login. */
export interface Secured {
  socket: UpstreamSocket;
  facts: TlsFacts;
}

/** Opens a connection for whoever logs in next; rejects where that cannot be done. */
export async function secure(spec: ProtocolSpec, upstream: Upstream): Promise<Secured> {
  const script = spec.secure?.();
  if (script === undefined || upstream.tls === 'disable') throw new Error('nothing comes before its login');
  const { dialled: facts, socket } = await within(DIAL_MS, new AbortController().signal, (stop) =>
    follow(script, upstream, stop),
  );
  if (facts !== false) return { socket, facts };
  socket.destroy();
  throw new Error('it has no TLS');
}

export function loginOf(upstream: Upstream): Promise<UpstreamLogin | undefined> {
  return Promise.resolve(upstream.login?.()).catch((cause: unknown) => {
    throw new CredentialError(cause);
  });
}

/** Loading the catalogue of a server with very many relations takes its time. */
const LEARN_MS = 30_000;

/** Learns what a reader of statements must know, on a connection of its own. What goes wrong is a refusal, never an exception. */
export async function learn(
  spec: ProtocolSpec,
  upstream: Upstream,
  { database, before }: Pick<LearnOptions, 'database' | 'before'>,
): Promise<Dialled> {
  if (spec.learn === undefined) return { ok: false, refusal: unreadable(upstream.name, spec.name) };
  try {
    await spec.ready?.();
    const script = spec.learn({ login: await loginOf(upstream), database, tls: upstream.tls, before });
    const { dialled, socket } = await within(LEARN_MS, new AbortController().signal, (stop) =>
      follow(script, upstream, stop),
    );
    socket.destroy();
    return dialled;
  } catch (error) {
    return { ok: false, refusal: refusalOf(upstream.name, error) };
  }
}

/** Cancels running work by a connection of its own (PostgreSQL's CancelRequest); nothing else is ever written on it. */
export async function cancelWork(script: ConnectScript, upstream: Upstream, deadlineMs: number): Promise<void> {
  const { socket } = await within(deadlineMs, new AbortController().signal, (stop) => follow(script, upstream, stop));
  await socket.leave(deadlineMs);
}

/** What a side connection's script waits for between its errands: given what came of the last one, the next. */
export type Next = (ran: Ran<unknown> | undefined) => Promise<Errand | null>;

/** Gives up after `ms`, and when the flow ends. */
async function within<T>(ms: number, flow: AbortSignal, run: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const giveUp = () => stop.abort(toError(flow.reason));
  const deadline = setTimeout(() => stop.abort(new DialTimeout(ms)), ms);
  flow.addEventListener('abort', giveUp, { once: true });
  if (flow.aborted) giveUp();
  try {
    return await run(stop.signal);
  } finally {
    clearTimeout(deadline);
    flow.removeEventListener('abort', giveUp);
  }
}

/** Performs a connect script's effects, on a new connection or on `ready`. Whatever fails closes the socket and is thrown. */
export async function follow<T>(
  script: Generator<ConnectEffect | SideEffect, T, ConnectAnswer>,
  upstream: Upstream,
  stop: AbortSignal,
  next?: Next,
  ready?: UpstreamSocket,
): Promise<{ dialled: T; socket: UpstreamSocket }> {
  let socket = ready ?? (await UpstreamSocket.open(upstream.host, upstream.port, stop));
  const abort = () => socket.destroy(toError(stop.reason));
  stop.addEventListener('abort', abort, { once: true });
  let reader = new Reader(socket);
  try {
    let result = script.next();
    while (result.done !== true) {
      const effect = result.value;
      if (effect.do === 'read') result = script.next(await reader.read());
      else if (effect.do === 'write') {
        socket.write(effect.bytes);
        result = script.next(undefined);
      } else if (effect.do === 'redial') {
        reader.stop();
        socket.destroy();
        socket = await UpstreamSocket.open(upstream.host, upstream.port, stop);
        reader = new Reader(socket);
        result = script.next(undefined);
      } else if (effect.do === 'next') {
        result = script.next((await next?.(effect.ran)) ?? null);
      } else {
        reader.stop();
        const facts = await socket.startTls(upstream.host, upstream.ca, effect.alpn);
        reader = new Reader(socket);
        result = script.next(facts);
      }
    }
    reader.stop();
    return { dialled: result.value, socket };
  } catch (error) {
    socket.destroy();
    throw stop.aborted ? stop.reason : error;
  } finally {
    stop.removeEventListener('abort', abort);
  }
}

/** Chunk by chunk, for a script that reads rarely and takes its time. */
class Reader {
  readonly #socket: UpstreamSocket;
  readonly #chunks = new Chunks();
  #ended = false;
  #lost: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: UpstreamSocket) {
    this.#socket = socket;
    socket.listen({
      data: (chunk) => {
        this.#chunks.push(chunk);
        this.#woken();
      },
      end: () => {
        this.#ended = true;
        this.#woken();
      },
      lost: (error) => {
        this.#lost = error;
        this.#woken();
      },
      drain: () => {},
    });
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#chunks.empty && !this.#ended && this.#lost === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.take();
    if (chunk !== undefined) return chunk;
    if (this.#lost !== undefined) throw this.#lost;
    return null;
  }

  /** Gives back what was not read. */
  stop(): void {
    const unread: Uint8Array[] = [];
    for (let chunk = this.#chunks.take(); chunk !== undefined; chunk = this.#chunks.take()) unread.push(chunk);
    this.#socket.deafen(unread);
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new ProtocolError('the flow has ended');
}
