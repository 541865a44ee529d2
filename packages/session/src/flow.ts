import { setTimeout as after } from 'node:timers/promises';
import { type Controls, controlsFor } from '@hoop/controls';
import type { CancelKey, Dialled, FlowContext, Outcome, ProtocolSpec, Refusal } from '@hoop/core';
import { aheadOf } from './ahead.js';
import { readAside } from './aside.js';
import { cancelWork, type DialOutcome, dial } from './dial.js';
import { Driver, type Ending } from './driver.js';
import { type Knowledge, knowledgeOf } from './knowledge.js';
import { SessionLine } from './line.js';
import type { FlowOptions, Lease, Upstream } from './ports.js';
import { unreadable } from './refusals.js';
import { Turns } from './turns.js';

/** From the first byte to the client's wish: PostgreSQL's `authentication_timeout` is of this kind. */
const OPENING_MS = 10_000;
/** From the last words to a flow that was ended from outside until it is cut. */
const RESET_MS = 250;
/** From our end of an orderly flow until what the other ends leave undone is cut. */
const LINGER_MS = 10_000;
/** How long a cancel of the upstream's work may hold up the end of its flow. */
const CANCEL_MS = 2_000;

/** Of the whole process. */
const LEAVING = new Turns();

/** One flow: engine, controls, driver, record, and its end. */
export class Flow {
  readonly #spec: ProtocolSpec;
  readonly #options: FlowOptions;
  readonly #line: SessionLine;
  readonly #controls: Controls;
  readonly #driver: Driver;
  readonly #releases: (() => void)[] = [];
  #upstreamKey: CancelKey | undefined;
  #lease: Lease | undefined;
  /** Of the one database that the flow is with. */
  #known: Knowledge | undefined;
  /** Monotonic milliseconds. */
  #openSince = 0;
  #clientIn = false;
  #opening: NodeJS.Timeout | undefined;
  readonly #ended: Promise<Ending>;
  #onClientIn: () => void = () => {};

  constructor(spec: ProtocolSpec, options: FlowOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#line = new SessionLine(options, spec.name);
    const { wire, upstream } = options;
    const recordsOutput = upstream.record === 'output';
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.#ended = promise;
    this.#controls = controlsFor({ ...options, recordsOutput, say: (note) => this.#driver.say(note) });
    this.#driver = new Driver({
      connection: upstream.name,
      wire,
      engine: spec.open(this.#context()),
      controls: this.#controls,
      dial: (effect, signal) => this.#dial(effect, signal),
      learn: (database, anew) => this.#learn(database, anew),
      readAside: (text, at) => readAside(upstream.protocol, text, at),
      cancel: (key) => options.cancels.cancel(key.process, key.secret),
      abandoned: () => void this.#cancelUpstream(),
      ended: resolve,
    });
  }

  async run(): Promise<Outcome> {
    const { signal, openingMs } = this.#options;
    const revoke = () => this.#driver.revoke(signal.reason);
    signal.addEventListener('abort', revoke, { once: true });
    if (signal.aborted) revoke();
    this.#opening = setTimeout(() => this.#driver.fail('nothing was asked for in time'), openingMs ?? OPENING_MS);
    this.#driver.start();
    this.#watchClient();
    const ending = await this.#ended;
    clearTimeout(this.#opening);
    signal.removeEventListener('abort', revoke);
    await this.#finish(ending);
    return this.#record(ending);
  }

  #context(): FlowContext {
    const { upstream, cancels } = this.#options;
    return {
      connection: upstream.name,
      port: upstream.port,
      databases: upstream.databases,
      recordsOutput: upstream.record === 'output',
      reads: this.#options.reads === true,
      mintCancelKey: (secretBytes) => {
        const { process, secret, release } = cancels.mint(() => this.#cancelAsked(), secretBytes);
        this.#releases.push(release);
        return { process, secret };
      },
      ownCancelKey: (key) => {
        this.#upstreamKey = key;
      },
      now: () => performance.now(),
    };
  }

  async #dial(
    effect: { database: string; parameters: ReadonlyMap<string, string> },
    signal: AbortSignal,
  ): Promise<DialOutcome> {
    clearTimeout(this.#opening);
    const refusal = this.#unrevealable() ?? this.#unreadable() ?? (await this.#line.open());
    if (refusal !== undefined) return { dialled: { ok: false, refusal } };
    const { database, parameters } = effect;
    const outcome = await this.#dialAs(database, parameters, signal, false);
    const refused = !outcome.dialled.ok && outcome.dialled.refusal.code === 'upstream-refused';
    if (!refused || this.#lease === undefined || signal.aborted) return outcome;
    // What was minted ahead may be gone with a database that was restored, or a replica that took over.
    this.#lease.end();
    return this.#dialAs(database, parameters, signal, true);
  }

  async #dialAs(
    database: string,
    parameters: ReadonlyMap<string, string>,
    signal: AbortSignal,
    anew: boolean,
  ): Promise<DialOutcome> {
    const own = await this.#credentialed(database, signal, anew);
    if ('code' in own) return { dialled: { ok: false, refusal: own } };
    const { reads, upstream } = this.#options;
    const ready = aheadOf(this.#spec, upstream).take();
    const outcome = await dial({ spec: this.#spec, upstream: own, database, parameters, reads, ready, signal });
    this.#openSince = performance.now();
    return outcome;
  }

  /** The upstream with the login of this flow: the gateway's, or one that was minted for it. */
  async #credentialed(database: string, signal: AbortSignal, anew: boolean): Promise<Upstream | Refusal> {
    const { upstream, identity, session, credentials } = this.#options;
    if (upstream.ephemeral === undefined) return upstream;
    if (credentials === undefined) throw new Error(`nobody mints credentials for ${upstream.name}`);
    const leased = await credentials.lease({ upstream, database, identity, session, anew });
    if (!leased.ok) return leased.refusal;
    const { lease } = leased;
    if (signal.aborted) lease.end();
    else this.#lease = lease;
    return { ...upstream, login: async () => lease.login };
  }

  /** What reading statements takes. The upstream is not asked before the session is on record. */
  #learn(database: string, anew: boolean | 'in doubt'): Dialled | Promise<Dialled> {
    const ask = () => this.#knowledge(database).ask(anew);
    if (this.#line.isOpen) return ask();
    clearTimeout(this.#opening);
    return this.#line.open().then((refusal) => (refusal === undefined ? ask() : { ok: false, refusal }));
  }

  #knowledge(database: string): Knowledge {
    if (this.#known === undefined) {
      this.#known = knowledgeOf(this.#spec, this.#options.upstream, database);
      this.#releases.push(this.#known.hold());
    }
    return this.#known;
  }

  #unreadable(): Refusal | undefined {
    const { reads, upstream } = this.#options;
    return reads === true && this.#spec.learn === undefined ? unreadable(upstream.name, this.#spec.name) : undefined;
  }

  /** A connection whose outputs must be on record does not open by a protocol that cannot show them (design §4, 6). */
  #unrevealable(): Refusal | undefined {
    const { upstream } = this.#options;
    if (upstream.record !== 'output' || this.#spec.reveals.length > 0) return undefined;
    return {
      code: 'record-failed',
      message: `${upstream.name} asks for its outputs to be recorded, which ${this.#spec.name} cannot show.`,
    };
  }

  /** The client's own cancel: noted in the flow whose work it ends, be it upstream or held before it. */
  async #cancelAsked(): Promise<void> {
    this.#driver.note({ kind: 'cancel' });
    if (this.#driver.isWorking && !this.#driver.isEnding) await this.#cancelUpstream();
    this.#driver.withdraw();
  }

  async #cancelUpstream(): Promise<void> {
    const { upstream, report } = this.#options;
    if (this.#upstreamKey === undefined || this.#spec.cancel === undefined) return;
    try {
      await cancelWork(this.#spec.cancel(this.#upstreamKey, upstream.tls), upstream, CANCEL_MS);
    } catch (error) {
      report?.(error);
    }
  }

  /** A role that dies with the flow takes its work along. Flows that are revoked together have theirs ended together. */
  async #stopUpstream(end: Outcome['end']): Promise<void> {
    if (this.#lease !== undefined) return this.#lease.end();
    if (end !== 'revoked' || !(await this.#terminated())) await this.#cancelUpstream();
  }

  async #terminated(): Promise<boolean> {
    const { upstream, credentials, report } = this.#options;
    if (credentials === undefined || this.#upstreamKey === undefined) return false;
    const backend = { process: this.#upstreamKey.process, ageMs: performance.now() - this.#openSince };
    try {
      return await credentials.terminate(upstream, backend);
    } catch (error) {
      report?.(error);
      return false;
    }
  }

  /** Tells when the client's direction is in, also after the driver has stopped caring. */
  #watchClient(): void {
    const { wire } = this.#options;
    const { onEnd, onLost } = wire;
    const isIn = () => {
      this.#clientIn = true;
      this.#onClientIn();
    };
    wire.onEnd = () => {
      onEnd();
      isIn();
    };
    wire.onLost = (why) => {
      onLost(why);
      isIn();
    };
  }

  /** Ends both sides: at leisure if the flow came to its own end, within `RESET_MS` if it was ended. */
  async #finish(ending: Ending): Promise<void> {
    for (const release of this.#releases) release();
    const client = this.#leaveClient(ending.refusal);
    const left = this.#leaveUpstream(ending, client).finally(() => this.#lease?.end());
    await Promise.all([client, left]);
  }

  async #leaveClient(refusal: Refusal | undefined): Promise<void> {
    const ms = refusal === undefined ? LINGER_MS : RESET_MS;
    if (!this.#clientIn && (await this.#clientOutlasts(ms))) this.#options.wire.destroy(refusal);
  }

  #clientOutlasts(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => resolve(true), ms);
      this.#onClientIn = () => {
        clearTimeout(deadline);
        resolve(false);
      };
    });
  }

  /**
   * Work that still runs there is ended before the socket goes: the upstream would not notice until it writes. Where flows are
   * revoked, all people are told first, and the sockets go one by one: each ends a process upstream, and a thousand that
   * close at once take the processor from whoever is to hear of it. Nobody is left to hear of a flow that broke: its socket goes
   * first, so that what is cancelled cannot be answered, and the upstream does not go on with what was sent behind it.
   */
  async #leaveUpstream({ end, refusal, working }: Ending, client: Promise<void>): Promise<void> {
    const socket = this.#driver.upstream;
    if (socket === undefined) return;
    if (refusal === undefined) {
      aheadOf(this.#spec, this.#options.upstream).flowEnded(performance.now() - this.#openSince);
      return socket.leave(LINGER_MS);
    }
    if (working && end === 'broken' && this.#upstreamKey !== undefined) socket.reset();
    const stopped = working && end !== 'upstream' ? this.#stopUpstream(end) : undefined;
    if (end === 'revoked') await after(RESET_MS);
    else await Promise.race([Promise.all([stopped, client]), after(RESET_MS)]);
    await LEAVING.take();
    socket.destroy();
    await socket.closed();
  }

  async #record({ end, refusal, bug }: Ending): Promise<Outcome> {
    const { bytesIn, bytesOut } = this.#driver;
    const outcome: Outcome = { end, bytesIn, bytesOut, ...(refusal === undefined ? {} : { refusal }) };
    if (bug !== undefined) this.#options.report?.(bug);
    if (end === 'client' && !this.#line.isOpen) return outcome;
    try {
      this.#line.tell();
      await this.#controls.close(outcome);
    } catch (error) {
      this.#options.report?.(error);
    }
    return outcome;
  }
}
