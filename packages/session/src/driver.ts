import type { Controls } from '@hoop/controls';
import type {
  Action,
  Asked,
  CancelKey,
  Dialled,
  Effect,
  Engine,
  Entry,
  Note,
  Outcome,
  Refusal,
  Side,
  Verdict,
} from '@hoop/core';
import { Cancelled, concat, EMPTY, ProtocolError } from '@hoop/core';
import type { DialOutcome } from './dial.js';
import { Lane } from './lane.js';
import type { Wire } from './ports.js';
import { isRefusal, lostUpstream } from './refusals.js';
import type { UpstreamSocket } from './upstream.js';
import { Verdicts } from './verdicts.js';

type Dial = Effect & { do: 'dial' };

export interface DriverPorts {
  connection: string;
  wire: Wire;
  engine: Engine;
  controls: Controls;
  dial(effect: Dial, signal: AbortSignal): Promise<DialOutcome>;
  learn(database: string, anew: boolean | 'in doubt'): Dialled | Promise<Dialled>;
  readAside(text: string, at: unknown): Promise<Dialled>;
  cancel(key: CancelKey): Promise<unknown>;
  /** The client has left, and its work still runs upstream. */
  abandoned(): void;
  /** Told once, when the scripts are done or were stopped and the client was told. */
  ended(ending: Ending): void;
}

/** How the conversation came to its end. */
export interface Ending {
  end: Outcome['end'];
  refusal?: Refusal | undefined;
  /** Work may still run upstream. */
  working?: boolean;
  /** Our own fault, for the log. */
  bug?: unknown;
}

/** Below this, several pieces go to the client as one. */
const SMALL = 16_384;
/** More effects than any script needs to say goodbye. */
const LAST_EFFECTS = 64;
/** A verdict that takes longer holds up only what comes behind its action, not what came before it. */
const SLOW_MS = 50;
/**
 * From the end of the client's direction until what is still held is withdrawn, and what still runs is cancelled: what it sent
 * before may be quick to judge, and to do. A script that waits for an answer hears of no end; and behind what is cancelled comes
 * what else the client had said, so it is asked again, later each time.
 */
const LEFT_MS = 1_000;

/**
 * The one loop that performs effects (core/src/script.ts). Driven by callbacks: a chunk that comes while its script reads
 * goes through the script and out on the other side without a promise. What a script cannot take yet waits in its lane,
 * bounded: the client's because `consumed` is not called, the upstream's because its socket is paused.
 */
export class Driver {
  readonly #ports: DriverPorts;
  readonly #wire: Wire;
  readonly #engine: Engine;
  readonly #client: Lane;
  readonly #upstreamLane: Lane;
  readonly #stop = new AbortController();
  /** Aborted to withdraw what is held, and replaced then. */
  #held = new AbortController();
  #holding = 0;
  /** What was asked aside and is still out. */
  readonly #asides = new Map<Asked, AbortController>();
  #leaving: NodeJS.Timeout | undefined;
  #gone = false;
  #upstream: UpstreamSocket | undefined;
  #upstreamLost: Error | undefined;
  #ending: Ending | undefined;
  #closing = false;
  #running = false;
  #firstEnd: Side | undefined;
  /** What the client was sent last ended on a message boundary. */
  #boundary = true;
  bytesIn = 0;
  bytesOut = 0;

  constructor(ports: DriverPorts) {
    this.#ports = ports;
    this.#wire = ports.wire;
    this.#engine = ports.engine;
    this.#client = new Lane('client', ports.engine.fromClient());
    this.#upstreamLane = new Lane('upstream', ports.engine.fromUpstream());
    for (const lane of [this.#client, this.#upstreamLane]) lane.heard = () => this.#hear(lane);
  }

  get upstream(): UpstreamSocket | undefined {
    return this.#upstream;
  }

  /** Takes the wire's callbacks and runs both scripts to their first pause. */
  start(): void {
    const wire = this.#wire;
    wire.onData = (chunk) => this.#arrive(this.#client, chunk);
    wire.onEnd = () => this.#sideEnded(this.#client);
    wire.onLost = () => this.#end({ end: 'broken', refusal: LINK_LOST });
    wire.onDrain = () => this.#roomAt('client');
    this.#run();
  }

  /** Work of the client runs upstream, or may. */
  get isWorking(): boolean {
    return this.#engine.working?.() ?? true;
  }

  /** The flow comes to its end: whoever sees to that sees to its work, too. */
  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /** A line for the person, put in by the engine at its next frame boundary. */
  say(note: Note): void {
    this.#engine.say(note);
    this.#run();
  }

  /** What still waits for a verdict is denied at once: the client has cancelled it, or has left. */
  withdraw(): void {
    if (this.#holding === 0 || this.#gone) return;
    const held = this.#held;
    this.#held = new AbortController();
    this.#abort(held);
  }

  #abort(held: AbortController): void {
    held.abort();
    for (const aside of [...this.#asides.values()]) aside.abort();
  }

  /** An event of this flow that its engine cannot see. */
  note(entry: Entry): void {
    this.#ports.controls.note(entry);
  }

  /** Ends the flow from outside: revoked, shut down. */
  revoke(reason: unknown): void {
    const refusal = isRefusal(reason)
      ? reason
      : { code: 'internal' as const, message: 'The gateway ended this session.' };
    this.#end({ end: 'revoked', refusal });
  }

  /** Ends the flow for what its client does, or fails to do. */
  fail(message: string): void {
    this.#end(endingOf(new ProtocolError(message)));
  }

  #arrive(lane: Lane, chunk: Uint8Array): void {
    if (lane === this.#client) this.bytesIn += chunk.length;
    if (lane.state === 'done' || this.#ending !== undefined) {
      if (lane === this.#client) this.#wire.consumed(chunk.length, true);
      return;
    }
    if (lane.state === 'reading' && !this.#running) {
      lane.give(chunk, true);
      return this.#run();
    }
    lane.chunks.push(chunk);
    if (lane !== this.#client) this.#upstream?.pause();
  }

  #sideEnded(lane: Lane): void {
    lane.ended = true;
    this.#firstEnd ??= lane.side;
    if (lane === this.#client) this.#left();
    this.#run();
  }

  /** The client waits for nothing that takes long. Its wire may be paused: what it has said before is still here. */
  #left(): void {
    if (this.#client.state !== 'done' && this.#ending === undefined) this.#abandonAfter(LEFT_MS);
  }

  #abandonAfter(ms: number): void {
    this.#leaving = setTimeout(() => {
      this.#gone = true;
      this.#abort(this.#held);
      if (this.#ending !== undefined) return;
      if (this.isWorking) this.#ports.abandoned();
      this.#abandonAfter(2 * ms);
    }, ms);
  }

  #roomAt(side: Side): void {
    for (const lane of [this.#client, this.#upstreamLane]) {
      if (lane.needsRoomAt !== side) continue;
      lane.needsRoomAt = undefined;
      this.#resume(lane, undefined);
    }
    this.#run();
  }

  #resume(lane: Lane, answer: Lane['answer']): void {
    if (lane.state === 'done') return;
    lane.answer = answer;
    lane.state = 'runnable';
  }

  /** Runs what can run. Scripts never nest: one that wakes the other while it runs is heard when it pauses. */
  #run(): void {
    if (this.#running) return;
    this.#running = true;
    let moved = true;
    while (moved && this.#ending === undefined) {
      moved = this.#step(this.#client);
      moved = this.#step(this.#upstreamLane) || moved;
    }
    this.#running = false;
    if (this.#ending === undefined) this.#endIfDone();
    if (this.#ending !== undefined) this.#close(this.#ending);
  }

  #endIfDone(): void {
    const { state } = this.#upstreamLane;
    if (this.#client.state !== 'done' || (state !== 'done' && this.#upstream !== undefined)) return;
    this.#ending = { end: this.#firstEnd ?? 'client' };
  }

  /** Runs a lane until it pauses. False if it had nothing to do. */
  #step(lane: Lane): boolean {
    if (lane.state === 'reading') this.#read(lane);
    if (lane.state !== 'runnable') return false;
    try {
      while (lane.state === 'runnable' && this.#ending === undefined) {
        const { answer } = lane;
        lane.answer = undefined;
        const result = lane.script.next(answer);
        if (result.done === true) this.#done(lane);
        else this.#perform(lane, result.value);
      }
    } catch (error) {
      lane.state = 'done';
      this.#ending ??= endingOf(error);
    }
    return true;
  }

  #done(lane: Lane): void {
    lane.state = 'done';
    this.#dealtWith(lane);
    for (let chunk = lane.chunks.take(); chunk !== undefined; chunk = lane.chunks.take()) {
      if (lane === this.#client) this.#wire.consumed(chunk.length, false);
    }
    if (lane !== this.#client) this.#upstream?.resume();
  }

  #perform(lane: Lane, effect: Effect): void {
    switch (effect.do) {
      case 'read':
        this.#dealtWith(lane);
        lane.state = 'reading';
        lane.hears = effect.or;
        return this.#read(lane);
      case 'send':
        if (!this.#send(effect)) {
          lane.pause();
          lane.needsRoomAt = effect.to;
        }
        return;
      case 'judge':
        return this.#await(lane, this.#judge(effect.action));
      case 'judge-all':
        return this.#judgeAll(lane, effect.actions);
      case 'judge-rest':
        return this.#judgeRest(lane);
      case 'judge-aside':
        return this.#judgeAside(effect.asked);
      case 'withdraw':
        return this.#asides.get(effect.asked)?.abort();
      case 'reveal':
        return this.#await(lane, this.#ports.controls.reveal(effect.output, effect.statement));
      case 'wait':
        if (!effect.until.take(() => this.#wake(lane, undefined))) lane.pause();
        return;
      case 'note':
        return this.#ports.controls.note(effect.entry);
      case 'dial':
        return this.#dial(lane, effect);
      case 'learn':
        return this.#await(lane, this.#ports.learn(effect.database, effect.anew));
      case 'read-aside':
        return this.#await(lane, this.#ports.readAside(effect.text, effect.at));
      case 'cancel':
        return this.#await(
          lane,
          this.#ports.cancel(effect.key).then(() => undefined),
        );
      case 'finish':
        return effect.side === 'client' ? this.#wire.finish() : this.#upstream?.finish();
      case 'refuse':
        this.#ending = { end: 'refused', refusal: effect.refusal };
        return;
      case 'close':
        this.#ending = { end: effect.end };
    }
  }

  /** The script wants the next chunk: what waits, else the end, else it pauses and its side may go on. */
  #read(lane: Lane): void {
    const chunk = lane.chunks.take();
    if (chunk !== undefined) lane.give(chunk, false);
    else if (lane.ended) this.#resume(lane, null);
    else if (lane.hears?.take(lane.heard) === true) this.#resume(lane, undefined);
    else if (lane === this.#client) return;
    else if (this.#upstreamLost !== undefined) this.#ending = this.#lossOf(this.#upstreamLost);
    else this.#upstream?.resume();
  }

  /** A signal that comes when the script has gone on is kept for its next read. */
  #hear(lane: Lane): void {
    if (lane.state !== 'reading') return lane.hears?.raise();
    this.#resume(lane, undefined);
    this.#run();
  }

  /** The chunk that the script was given is through. */
  #dealtWith(lane: Lane): void {
    const { taken } = lane;
    if (taken === 0) return;
    lane.taken = 0;
    if (lane === this.#client) this.#wire.consumed(taken, lane.keptUp);
  }

  #send(effect: Effect & { do: 'send' }): boolean {
    if (effect.to === 'client') return this.#toClient(effect.bytes, effect.boundary);
    return this.#upstream?.write(effect.bytes) ?? true;
  }

  #toClient(bytes: Uint8Array | readonly Uint8Array[], boundary: boolean): boolean {
    this.#boundary = boundary;
    if (bytes instanceof Uint8Array) {
      if (bytes.length === 0) return true;
      this.bytesOut += bytes.length;
      return this.#wire.write(bytes, boundary);
    }
    let total = 0;
    for (const piece of bytes) total += piece.length;
    if (total === 0) return true;
    if (total <= SMALL) return this.#toClient(concat(bytes), boundary);
    this.bytesOut += total;
    let room = true;
    for (const [at, piece] of bytes.entries()) room = this.#wire.write(piece, boundary && at === bytes.length - 1);
    return room;
  }

  #judgeAside(asked: Asked): void {
    const aside = new AbortController();
    if (this.#gone) aside.abort();
    const verdict = this.#judge(asked.action, aside.signal);
    if (!(verdict instanceof Promise)) return asked.decide(verdict);
    this.#asides.set(asked, aside);
    verdict.then(
      (answer) => {
        this.#asides.delete(asked);
        asked.decide(answer);
      },
      (error: unknown) => this.#end(endingOf(error)),
    );
  }

  #judge(action: Action, signal = this.#held.signal): Verdict | Promise<Verdict> {
    const verdict = this.#ports.controls.judge(action, signal);
    if (!(verdict instanceof Promise)) return verdict;
    this.#holding += 1;
    const over = () => {
      this.#holding -= 1;
    };
    verdict.then(over, over);
    return verdict;
  }

  /** All are asked at once, so their intents share one write; unless one is slow, the verdicts come together. */
  #judgeAll(lane: Lane, actions: readonly Action[]): void {
    const failed = (error: unknown) => this.#end(endingOf(error));
    const asked = actions.map((action) => this.#judge(action));
    const verdicts = new Verdicts(asked, () => this.#judged(lane, verdicts), failed);
    if (verdicts.isComplete) {
      lane.answer = verdicts.take();
      return;
    }
    lane.pause();
    lane.verdicts = verdicts;
    verdicts.slow = setTimeout(() => this.#verdictsTo(lane, verdicts), SLOW_MS);
  }

  #judgeRest(lane: Lane): void {
    const { verdicts } = lane;
    if (verdicts === undefined) throw new Error('an engine waits for verdicts that it has not asked for');
    lane.pause();
    verdicts.wanted = 'next';
    this.#judged(lane, verdicts);
  }

  #judged(lane: Lane, verdicts: Verdicts): void {
    const { wanted, isComplete, hasNext } = verdicts;
    if (isComplete || (wanted === 'next' && hasNext)) this.#verdictsTo(lane, verdicts);
  }

  #verdictsTo(lane: Lane, verdicts: Verdicts): void {
    clearTimeout(verdicts.slow);
    if (verdicts.wanted === 'none') return;
    verdicts.wanted = 'none';
    this.#wake(lane, verdicts.take());
  }

  #await<T extends Lane['answer']>(lane: Lane, answer: T | Promise<T>): void {
    if (!(answer instanceof Promise)) {
      lane.answer = answer;
      return;
    }
    lane.pause();
    answer.then(
      (value) => this.#wake(lane, value),
      (error: unknown) => this.#end(endingOf(error)),
    );
  }

  #wake(lane: Lane, answer: Lane['answer']): void {
    this.#resume(lane, answer);
    this.#run();
  }

  #dial(lane: Lane, effect: Dial): void {
    lane.pause();
    this.#ports.dial(effect, this.#stop.signal).then(
      ({ dialled, socket }) => {
        if (this.#ending !== undefined) return socket?.destroy();
        this.#upstream = socket;
        this.#wake(lane, dialled);
        socket?.listen({
          data: (chunk) => this.#arrive(this.#upstreamLane, chunk),
          end: () => this.#sideEnded(this.#upstreamLane),
          lost: (error) => this.#lose(error),
          drain: () => this.#roomAt('upstream'),
        });
      },
      (error: unknown) => this.#end(endingOf(error)),
    );
  }

  /** The upstream broke. What came before is still dealt with. */
  #lose(error: Error): void {
    this.#upstreamLost = error;
    const lane = this.#upstreamLane;
    if (lane.chunks.empty && lane.taken === 0) this.#end(this.#lossOf(error));
    else this.#roomAt('upstream');
  }

  #lossOf(error: Error): Ending {
    return { end: 'upstream', refusal: lostUpstream(this.#ports.connection, error) };
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#run();
  }

  /** Stops both scripts, tells the client where that is possible, ends our direction to it. */
  #close(ending: Ending): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#stop.abort();
    this.#abort(this.#held);
    clearTimeout(this.#leaving);
    for (const { verdicts } of [this.#client, this.#upstreamLane]) clearTimeout(verdicts?.slow);
    ending.working = this.isWorking;
    for (const lane of [this.#client, this.#upstreamLane]) this.#stopScript(lane, ending);
    this.#client.chunks.clear();
    this.#upstreamLane.chunks.clear();
    if (ending.end !== 'broken') {
      if (ending.refusal !== undefined && this.#boundary) this.#toClient(this.#lastWords(ending.refusal), true);
      this.#wire.finish();
    }
    this.#ports.ended(ending);
  }

  #lastWords(refusal: Refusal): Uint8Array {
    try {
      return this.#engine.refuse(refusal);
    } catch {
      return EMPTY;
    }
  }

  /** At its yield: `Cancelled` thrown in if stopped from outside, a return where the engine itself has ended the flow. */
  #stopScript(lane: Lane, ending: Ending): void {
    if (lane.state === 'done') return;
    lane.state = 'done';
    try {
      const { script } = lane;
      const outside = ending.refusal !== undefined && ending.end !== 'refused';
      let result = outside ? script.throw(new Cancelled(ending.refusal as Refusal)) : script.return();
      for (let left = LAST_EFFECTS; result.done !== true && left > 0; left--) {
        result = this.#goodbye(result.value, ending) ? script.next(undefined) : script.return();
      }
    } catch (error) {
      if (!(error instanceof Cancelled)) ending.bug ??= error;
    }
  }

  /** What a stopped script may still do. False: it may not. */
  #goodbye(effect: Effect, ending: Ending): boolean {
    if (effect.do === 'send' && effect.to === 'client') {
      if (ending.end !== 'broken') this.#send(effect);
    } else if (effect.do === 'note') this.#ports.controls.note(effect.entry);
    else if (effect.do === 'cancel') void this.#ports.cancel(effect.key).catch(() => {});
    else return false;
    return true;
  }
}

const LINK_LOST: Refusal = { code: 'link-lost', message: 'The link to the client broke.' };
const BUG: Refusal = {
  code: 'internal',
  message: 'The gateway has met an error of its own and ended this session.',
  hint: 'Tell the operator: the gateway has it in its log.',
};

function endingOf(error: unknown): Ending {
  if (error instanceof ProtocolError) {
    const refusal: Refusal = {
      code: 'protocol',
      message: `This session was ended: ${error.message}.`,
      hint: error.hint,
    };
    return { end: 'error', refusal };
  }
  return { end: 'error', refusal: BUG, bug: error };
}
