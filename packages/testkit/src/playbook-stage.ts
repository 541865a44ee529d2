import type {
  Action,
  Answer,
  Asked,
  CancelKey,
  Dialled,
  Effect,
  Engine,
  FlowContext,
  Output,
  ProtocolSpec,
  Refusal,
  Script,
  Side,
  Signal,
  Verdict,
} from '@hoop/core';
import { Cancelled, concat, EMPTY, ProtocolError } from '@hoop/core';

/** What an engine did, as an observer sees it: effects without the reads and waits, adjacent sends joined. */
export type Heard =
  | Exclude<Effect, { do: 'read' } | { do: 'wait' } | { do: 'send' }>
  | { do: 'send'; to: Side; bytes: Uint8Array; boundary: boolean }
  | { do: 'own-key'; key: CancelKey }
  | { do: 'threw'; error: unknown };

const NOT_READ: Refusal = { code: 'internal', message: 'nothing reads long texts here' };

export interface StageOptions {
  connection?: string;
  port?: number;
  databases?: readonly string[];
  recordsOutput?: boolean;
  reads?: boolean;
  /** Answers to `dial`, `judge`, `reveal`; by default ok with no greeting, allow, and the output as it is. */
  dialled?: Dialled;
  /** Answers to `learn`, each time; by default ok with nothing known. */
  learned?: (anew: boolean | 'in doubt') => Dialled;
  judge?: (action: Action) => Verdict;
  reveal?: (output: Output) => Output;
  /** Answers to `read-aside`; by default nothing could be read. */
  readAside?: (text: string, at: unknown) => Dialled;
  /** Leaves these unanswered until `release`. */
  hold?: readonly ('dial' | 'learn' | 'read-aside' | 'judge' | 'judge-all' | 'judge-rest' | 'judge-aside' | 'reveal')[];
}

/** Effects that one event may lead to, beyond those that its bytes explain. */
const SPIN = 1_000;

interface Lane {
  side: Side;
  script: Script;
  queue: Uint8Array[];
  ended: boolean;
  state: 'runnable' | 'reading' | 'waiting' | 'held' | 'done';
  answer: Answer;
  /** What the script hears while it reads. */
  hears?: Signal | undefined;
}

/** A driver without sockets: performs an engine's effects in memory and writes down what it heard. */
export class Stage {
  readonly heard: Heard[] = [];
  readonly engine: Engine;
  /** What `now()` tells the engine, in milliseconds. */
  time = 0;
  /** What was asked aside and is left undecided by `hold`, oldest first. */
  readonly asides: Asked[] = [];
  /** `refuse`, `close`, or a script that threw. */
  closed = false;
  /** What the client got last ended on a message boundary. */
  boundary = true;
  #dialled = false;
  #yields = 0;
  #budget = 0;
  #joinFrom = 0;
  readonly #spec: ProtocolSpec;
  readonly #options: StageOptions;
  readonly #lanes: Record<Side, Lane>;
  /** Called before each yield is performed; false stops the stage there. */
  onYield: ((count: number) => boolean) | undefined;

  constructor(spec: ProtocolSpec, options: StageOptions = {}) {
    this.#spec = spec;
    this.#options = options;
    this.engine = spec.open(this.#context());
    this.#lanes = {
      client: lane('client', this.engine.fromClient()),
      upstream: lane('upstream', this.engine.fromUpstream()),
    };
  }

  /** Both scripts have ended, or the flow was closed; without a dial the upstream has nothing to end. */
  get over(): boolean {
    const { client, upstream } = this.#lanes;
    return this.closed || (client.state === 'done' && (upstream.state === 'done' || !this.#dialled));
  }

  /** Runs the scripts until both pause. Idempotent. */
  run(): void {
    this.#budget = SPIN;
    this.#settle();
  }

  /** Bytes from a side; upstream's wait for the dial, as on a socket that is not open yet. */
  feed(side: Side, bytes: Uint8Array): void {
    this.#budget = SPIN + 16 * bytes.length;
    if (bytes.length > 0) this.#lanes[side].queue.push(bytes);
    this.#settle();
  }

  /** Sends from here on are heard apart from those before. */
  mark(): void {
    this.#joinFrom = this.heard.length;
  }

  end(side: Side): void {
    this.#budget = SPIN;
    this.#lanes[side].ended = true;
    this.#settle();
  }

  /** Answers the oldest held effect of a side. */
  release(side: Side, answer: NonNullable<Answer>): void {
    const held = this.#lanes[side];
    if (held.state !== 'held') throw new Error(`the ${side}'s script holds nothing`);
    resume(held, answer);
    this.#dialled ||= 'ok' in answer && answer.ok;
    this.run();
  }

  /** Decides what was asked aside. */
  decide(asked: Asked, verdict: Verdict): void {
    this.asides.splice(this.asides.indexOf(asked), 1);
    asked.decide(verdict);
    this.run();
  }

  holds(side: Side): boolean {
    return this.#lanes[side].state === 'held';
  }

  /** Throws into both scripts, as the driver does; gives how many effects they still yielded, and those forbidden. */
  cancel(refusal: Refusal): { effects: number; forbidden: string[] } {
    const seen = { effects: 0, forbidden: [] as string[] };
    for (const lane of Object.values(this.#lanes)) if (lane.state !== 'done') this.#cancelLane(lane, refusal, seen);
    return seen;
  }

  #cancelLane(lane: Lane, refusal: Refusal, seen: { effects: number; forbidden: string[] }): void {
    const cancelled = new Cancelled(refusal);
    lane.state = 'done';
    try {
      let result = lane.script.throw(cancelled);
      while (result.done !== true && seen.effects < 1000) {
        seen.effects += 1;
        const effect = result.value;
        const allowed =
          effect.do === 'note' || effect.do === 'cancel' || (effect.do === 'send' && effect.to === 'client');
        if (!allowed) seen.forbidden.push(effect.do);
        else if (effect.do === 'send') this.#send(effect);
        result = lane.script.next(undefined);
      }
    } catch (error) {
      if (error !== cancelled) this.heard.push({ do: 'threw', error });
    }
  }

  #settle(): void {
    const { client, upstream } = this.#lanes;
    while (!this.closed) {
      const next = [client, upstream].find((lane) => this.#ready(lane));
      if (next === undefined) return;
      this.#step(next);
    }
  }

  /** A lane that can go on; one that reads is given what has come. */
  #ready(lane: Lane): boolean {
    if (lane.state === 'runnable') return true;
    if (lane.state !== 'reading' || (lane.side === 'upstream' && !this.#dialled)) return false;
    const chunk = lane.queue.shift();
    if (chunk === undefined && !lane.ended) return this.#hears(lane);
    resume(lane, chunk ?? null);
    return true;
  }

  #hears(lane: Lane): boolean {
    const { hears } = lane;
    const wake = () => (lane.state === 'reading' ? resume(lane, undefined) : hears?.raise());
    if (hears?.take(wake) !== true) return false;
    resume(lane, undefined);
    return true;
  }

  #step(lane: Lane): void {
    try {
      while (lane.state === 'runnable' && !this.closed) {
        if (this.#budget-- <= 0) throw new Error('the engine spins: it yields without end');
        const result = lane.script.next(lane.answer as never);
        lane.answer = undefined;
        if (result.done === true) lane.state = 'done';
        else this.#perform(lane, result.value);
      }
    } catch (error) {
      lane.state = 'done';
      this.closed = true;
      this.heard.push({ do: 'threw', error });
    }
  }

  #perform(lane: Lane, effect: Effect): void {
    this.#yields += 1;
    if (this.onYield !== undefined && !this.onYield(this.#yields)) {
      this.closed = true;
      if (effect.do === 'send') this.#send(effect);
      return;
    }
    switch (effect.do) {
      case 'read':
        lane.state = 'reading';
        lane.hears = effect.or;
        return;
      case 'wait':
        if (!effect.until.take(() => resume(lane, undefined))) lane.state = 'waiting';
        return;
      case 'send':
        return this.#send(effect);
      case 'dial':
      case 'learn':
      case 'read-aside':
      case 'judge':
      case 'judge-all':
      case 'judge-rest':
      case 'reveal':
        this.heard.push(effect);
        return this.#ask(lane, effect);
      case 'judge-aside':
        this.heard.push(effect);
        return this.#askAside(effect.asked);
      case 'refuse':
        this.heard.push(effect);
        this.closed = true;
        return this.#send({ to: 'client', bytes: this.engine.refuse(effect.refusal), boundary: true });
      case 'close':
        this.closed = true;
        this.heard.push(effect);
        return;
      default:
        this.heard.push(effect);
    }
  }

  #ask(
    lane: Lane,
    effect: Effect & { do: 'dial' | 'learn' | 'read-aside' | 'judge' | 'judge-all' | 'judge-rest' | 'reveal' },
  ): void {
    if (this.#options.hold?.includes(effect.do)) {
      lane.state = 'held';
      return;
    }
    const judge = this.#options.judge ?? (() => ({ allow: true }) as const);
    if (effect.do === 'judge') lane.answer = judge(effect.action);
    else if (effect.do === 'judge-all') lane.answer = effect.actions.map(judge);
    else if (effect.do === 'judge-rest') throw new Error('`judge-all` has left nothing open');
    else if (effect.do === 'learn')
      lane.answer = this.#options.learned?.(effect.anew) ?? { ok: true, greeting: undefined };
    else if (effect.do === 'read-aside')
      lane.answer = this.#options.readAside?.(effect.text, effect.at) ?? { ok: false, refusal: NOT_READ };
    else if (effect.do === 'reveal') lane.answer = this.#options.reveal?.(effect.output) ?? effect.output;
    else {
      const dialled = this.#options.dialled ?? { ok: true, greeting: undefined };
      this.#dialled ||= dialled.ok;
      lane.answer = dialled;
    }
  }

  #askAside(asked: Asked): void {
    if (this.#options.hold?.includes('judge-aside')) this.asides.push(asked);
    else asked.decide(this.#options.judge?.(asked.action) ?? { allow: true });
  }

  #send(effect: { to: Side; bytes: Uint8Array | readonly Uint8Array[]; boundary: boolean }): void {
    const bytes = new Uint8Array(effect.bytes instanceof Uint8Array ? effect.bytes : concat(effect.bytes));
    if (effect.to === 'client') this.boundary = effect.boundary;
    const last = this.heard.at(-1);
    if (last?.do === 'send' && last.to === effect.to && this.heard.length > this.#joinFrom) {
      last.bytes = concat([last.bytes, bytes]);
      last.boundary = effect.boundary;
    } else if (bytes.length > 0) {
      this.heard.push({ do: 'send', to: effect.to, bytes, boundary: effect.boundary });
    }
  }

  #context(): FlowContext {
    const { connection = 'pg-prod', databases = ['shop'], recordsOutput = false, reads = false } = this.#options;
    return {
      connection,
      port: this.#options.port ?? this.#spec.defaultPort ?? 4000,
      databases,
      recordsOutput,
      reads,
      mintCancelKey: (length) => ({ process: 4242, secret: Uint8Array.from({ length }, (_, at) => at + 1) }),
      ownCancelKey: (key) => this.heard.push({ do: 'own-key', key }),
      now: () => this.time,
    };
  }
}

/** All bytes that a side was sent. */
export function sentTo(heard: readonly Heard[], side: Side): Uint8Array {
  const sent = heard.flatMap((one) => (one.do === 'send' && one.to === side ? [one.bytes] : []));
  return sent.length === 0 ? EMPTY : concat(sent);
}

/** The error that is no fault of the peer's, if the stage heard one. */
export function bugOf(heard: readonly Heard[]): unknown {
  return heard.flatMap((one) => (one.do === 'threw' && !(one.error instanceof ProtocolError) ? [one.error] : []))[0];
}

function lane(side: Side, script: Script): Lane {
  return { side, script, queue: [], ended: false, state: 'runnable', answer: undefined };
}

function resume(lane: Lane, answer: Lane['answer']): void {
  lane.answer = answer;
  lane.state = 'runnable';
}
