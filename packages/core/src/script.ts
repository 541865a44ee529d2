import type { Errand, SideScript } from './errand.js';
import type { Reading } from './reading.js';
import type { Action, Entry, Note, Outcome, Output, Refusal, Side, Verdict } from './words.js';

/**
 * The script kit's vocabulary (design §4). An engine is two generator scripts, one a direction, that yield effects;
 * the driver in `session` performs them and resumes the script with the answer. A script opens no socket, so a whole
 * conversation is a unit test.
 *
 * Once the end of a side was read, reading again gives `null` again. `judge` is counted by the record from 1 in each
 * flow, in the order of the yields; `statement` in a note or an output is that number. A `send` to the client counts as
 * sent when yielded: `boundary` (it ends on a message boundary) is what `refuse` and the epitaph go by.
 *
 * | effect    | the driver does                                                       | the script gets          |
 * |-----------|-----------------------------------------------------------------------|--------------------------|
 * | `read`    | waits for the next chunk of the script's own side, or for the signal   | `Uint8Array`, `null`=end, `undefined`=raised |
 * | `send`    | writes, and resumes once the receiver has room                        | –                        |
 * | `dial`    | opens the upstream by the engine's `connect` script                   | `Dialled`                |
 * | `learn`   | gives what a reader of statements must know of the upstream, anew where asked; in doubt, if time allows | `Dialled`: the knowledge as `greeting` |
 * | `read-aside` | reads a long text in a thread that is ended if it takes too long      | `Dialled`: the readings as `greeting` |
 * | `judge`   | asks the controls; the intent is on record before it resumes          | `Verdict`                |
 * | `judge-all` | the same for what came in one chunk: one wait, one write of the record | `Verdict[]`, in order; fewer, perhaps none, where one is slow |
 * | `judge-rest` | waits for what `judge-all` has left open                             | the next `Verdict[]`, at least one |
 * | `judge-aside` | the same, and the script goes on; `asked.decided` is raised when the verdict is in | – |
 * | `withdraw` | what was asked aside is denied, unless that is decided already        | –                        |
 * | `reveal`  | lets the controls mask and record an output                           | `Output`                 |
 * | `note`    | records an event; never pauses                                        | –                        |
 * | `wait`    | resumes when the signal is raised (by the other script or by `say`)   | –                        |
 * | `finish`  | half-closes the named side after what was sent                        | –                        |
 * | `cancel`  | cancels the work that the key names, if a session of ours owns it     | – once upstream was told |
 * | `refuse`  | sends the refusal's bytes to the client and ends the flow as refused   | never resumes            |
 * | `close`   | ends the flow                                                         | never resumes            |
 */
export type Effect =
  | { do: 'read'; or?: Signal }
  | { do: 'send'; to: Side; bytes: Uint8Array | readonly Uint8Array[]; boundary: boolean }
  | { do: 'dial'; database: string; user: string; parameters: ReadonlyMap<string, string> }
  | { do: 'learn'; database: string; anew: boolean | 'in doubt' }
  | { do: 'read-aside'; text: string; at: unknown }
  | { do: 'judge'; action: Action }
  | { do: 'judge-all'; actions: readonly Action[] }
  | { do: 'judge-rest' }
  | { do: 'judge-aside'; asked: Asked }
  | { do: 'withdraw'; asked: Asked }
  | { do: 'reveal'; output: Output; statement: number }
  | { do: 'note'; entry: Entry }
  | { do: 'wait'; until: Signal }
  | { do: 'finish'; side: Side }
  | { do: 'cancel'; key: CancelKey }
  | { do: 'refuse'; refusal: Refusal }
  | { do: 'close'; end: Outcome['end'] };

/** The effect of most yields, made once. */
export const READ: Effect = { do: 'read' };

/**
 * What the driver throws into both scripts at their next yield when the flow is ended from outside. In `finally` a
 * script may still `send` to the client, `note` and `cancel`; anything else ends it there.
 */
export class Cancelled extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'Cancelled';
    this.refusal = refusal;
  }
}

/** What resumes a script: the answer to the effect it yielded. */
export type Answer = Uint8Array | null | Verdict | readonly Verdict[] | Output | Dialled | undefined;

/** A script: runs until it returns (its direction has ended) or the driver throws into it (cancellation). */
export type Script<T = void> = Generator<Effect, T, Answer>;

/** The answer to `dial`. `greeting` is what the upstream said until it was ready, as the engine's `connect` returned it. */
export type Dialled = { ok: true; greeting: unknown } | { ok: false; refusal: Refusal };

/** Identifies running work for cancellation: 32-bit process id and secret, as PostgreSQL's BackendKeyData has it. */
export interface CancelKey {
  process: number;
  secret: Uint8Array;
}

/** Wakes a script that `wait`s for it, or `read`s and hears it. Raised while nobody does, it is remembered once. */
export class Signal {
  #raised = false;
  #wake: (() => void) | undefined;

  raise(): void {
    const wake = this.#wake;
    if (wake === undefined) {
      this.#raised = true;
      return;
    }
    this.#wake = undefined;
    wake();
  }

  /** For the driver: true if already raised (then it is consumed); else `wake` is called once, on the next raise. */
  take(wake: () => void): boolean {
    if (this.#raised) {
      this.#raised = false;
      return true;
    }
    this.#wake = wake;
    return false;
  }
}

/**
 * An action whose verdict a script does not wait for, as where requests of one flow overtake each other: a held one must
 * not hold up the rest. How many may be open at once is the engine's to bound.
 */
export class Asked {
  readonly action: Action;
  /** Raised when the verdict is in; several may share one. */
  readonly decided: Signal;
  verdict: Verdict | undefined;

  constructor(action: Action, decided: Signal) {
    this.action = action;
    this.decided = decided;
  }

  /** For the driver. */
  decide(verdict: Verdict): void {
    this.verdict = verdict;
    this.decided.raise();
  }
}

/** One protocol's machine for one flow. The two scripts share the ledger that `open` made. */
export interface Engine {
  fromClient(): Script;
  fromUpstream(): Script;
  /**
   * Renders a note at the next frame boundary of what goes to the client: at once where it stands on one, by a signal
   * that the script which sends to the client hears while it reads.
   */
  say(note: Note): void;
  /** Bytes that end the conversation natively where it stands now, or none if it stands inside a message. */
  refuse(refusal: Refusal): Uint8Array;
  /** Work of the client runs upstream just now, so a flow that is ended has something to cancel. Absent: perhaps. */
  working?(): boolean;
}

/**
 * The upstream's opening, also sans-IO: yields what to write and read, and `startTls`. Run by `session` for `dial`.
 * Returns the greeting that `Dialled` carries, or the refusal.
 */
export type ConnectEffect =
  | { do: 'read' }
  | { do: 'write'; bytes: Uint8Array }
  | { do: 'start-tls'; alpn?: string | undefined }
  /** Closes what is open and dials the same server anew, plain at first. */
  | { do: 'redial' };
export type ConnectScript = Generator<ConnectEffect, Dialled, ConnectAnswer>;
/** What comes before a login, whoever logs in: `false` where the server has no TLS. */
export type SecureScript = Generator<ConnectEffect, TlsFacts | false, ConnectAnswer>;
/** What resumes it: what was read (`null`: the end), what `start-tls` answers; on a side connection, the next errand. */
export type ConnectAnswer = Uint8Array | null | TlsFacts | Errand | undefined;
/** What `start-tls` answers: DER of the server's certificate, for channel binding (RFC 5929 tls-server-end-point). */
export interface TlsFacts {
  certificate: Uint8Array;
}

/** What an engine knows of its flow when it is opened. */
export interface FlowContext {
  connection: string;
  port: number;
  /** Databases the connection lists, the default first. */
  databases: readonly string[];
  /** Mints the key the client may cancel with, its secret this many bytes long; `session` maps it to the upstream's. */
  mintCancelKey(secretBytes: number): CancelKey;
  /** Tells `session` how the upstream's own work is cancelled, once known. */
  ownCancelKey(upstream: CancelKey): void;
  /** True where the connection's recording wants cells (`record: output`). */
  recordsOutput: boolean;
  /** True where a control goes by readings: every statement that is judged has them, or the flow does not open. */
  reads: boolean;
  /** Monotonic milliseconds. */
  now(): number;
}

/** What the laptop's end needs of a protocol: the only protocol bytes the daemon knows (design §5). */
export interface Greeting {
  /** The server talks before the client does (then a flow is opened at once). */
  speaksFirst: boolean;
  /**
   * Looks at the first bytes of a client. `need`: more bytes · `answer`: write these, drop `consumed`, ask again ·
   * `tls`: write these, drop `consumed`, then do TLS · `open`: a flow, all bytes go through · `reject`: not this protocol
   * (HTTP on a Postgres port): close, count. Of a flow that is open already the client's bytes are held until `open`.
   */
  look(first: Uint8Array, tls: 'none' | 'active', own?: Own): GreetingStep;
  /** A native error for a flow that never reached the gateway. */
  refuse(refusal: Refusal): Uint8Array;
}
/** Where a client has connected to: what it may call that. */
export interface Own {
  /** In lower case. */
  names: readonly string[];
  address: string;
  port: number;
}
export type GreetingStep =
  /** `late`: what to take it for, if nothing decides it `after` milliseconds behind its first byte, or before the client's end. */
  | { step: 'need'; late?: { after: number; step: Settled } }
  | { step: 'answer'; consumed: number; bytes: Uint8Array }
  | { step: 'tls'; consumed: number; bytes: Uint8Array }
  | Settled;
/** Told of all bytes in order, answers how many of these are the message's: fewer than all where it has ended. */
export type Follow = (bytes: Uint8Array) => number;
export type Settled =
  /** `follow`: what the client says behind this message is looked at as if it were the first. */
  | { step: 'open'; follow?: Follow }
  /** `bytes`: the last words to a client that has heard nothing so far. */
  | { step: 'reject'; why: string; bytes?: Uint8Array };

/** Material a `connect` script authenticates with; the session revealed it from its reference just before. */
export interface UpstreamLogin {
  user: string;
  password: string;
}

/** What a `connect` script logs in with. */
export interface ConnectOptions {
  login: UpstreamLogin | undefined;
  database: string;
  parameters: ReadonlyMap<string, string>;
  tls: 'verify-full' | 'disable';
  /** Where `secure` was run on this connection before: what it gave. */
  secured?: TlsFacts | undefined;
  /** The flow reads statements: whatever they mean otherwise is pinned, and asked for. */
  reads?: boolean | undefined;
}
export interface LearnOptions extends Omit<ConnectOptions, 'parameters' | 'reads' | 'secured'> {
  before?: unknown;
}

/** A protocol, as `session` sees it. */
export interface ProtocolSpec {
  name: string;
  judges: readonly Action['kind'][];
  reveals: readonly Output['kind'][];
  defaultPort: number | undefined;
  open(flow: FlowContext): Engine;
  connect(options: ConnectOptions): ConnectScript;
  /** Brings a new connection to where any login begins, so that this can be done before there is one. Absent where it cannot. */
  secure?: (() => SecureScript) | undefined;
  /**
   * Loads, on a connection of its own, what the engine must know to read statements; `greeting` carries it. `before` is what the
   * last load gave for this database. Absent where nothing can be read.
   */
  learn?: ((options: LearnOptions) => ConnectScript) | undefined;
  /** Resolves once statements can be read; asked before anything is learned. */
  ready?: (() => Promise<void>) | undefined;
  /** Reads a text as the first of a new session, by what `learn` gave. Absent where nothing can be read. */
  read?: ((text: string, knowledge: unknown) => readonly Reading[]) | undefined;
  /**
   * Reads a text that is too long to be read between two chunks, by what the engine's effect `read-aside` has as `at`. Asked in
   * a thread of its own, which has a copy of that.
   */
  readLong?: ((text: string, at: unknown) => readonly Reading[]) | undefined;
  /** Cancels work by a connection of its own: what to write after `start-tls`. Absent where the protocol cannot. */
  cancel?: ((key: CancelKey, tls: 'verify-full' | 'disable') => ConnectScript) | undefined;
  /** A connection of the gateway's own beside the flows. Absent where the protocol has no credentials to mint, and no work to end. */
  administer?:
    | ((options: { login: UpstreamLogin | undefined; database: string; tls: 'verify-full' | 'disable' }) => SideScript)
    | undefined;
  /** The native error for a flow refused before it had an engine. */
  refuse(refusal: Refusal): Uint8Array;
  /** What the daemon writes to the client if the link is lost on a message boundary. */
  epitaph: Uint8Array;
}
