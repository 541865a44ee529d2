import type { Judge, Masks, Recorder } from '@hoop/controls';
import type {
  Action,
  Backend,
  ClientProgram,
  Identity,
  Outcome,
  ProtocolName,
  Refusal,
  UpstreamLogin,
  Verdict,
} from '@hoop/core';

/**
 * The client's end of a flow, whatever carries it (the gateway's: an uplink channel). Push-style: the driver sets the
 * callbacks once, before the first byte.
 */
export interface Wire {
  onData: (chunk: Uint8Array) => void;
  /** The client has ended its direction in order. */
  onEnd: () => void;
  /** The link broke: no FIN. Nothing can be written any more. */
  onLost: (why: string) => void;
  /** After `write` said false: there is room again. */
  onDrain: () => void;
  /** `boundary`: the bytes end on a message boundary. False: hold back until `onDrain`. */
  write(bytes: Uint8Array, boundary: boolean): boolean;
  /** The driver has dealt with `n` bytes of `onData`; `keptUp` if it never had to be waited for. Grants credit. */
  consumed(n: number, keptUp: boolean): void;
  /** Ends our direction after what was written. */
  finish(): void;
  /** Ends all of it, at once. */
  destroy(why?: Refusal): void;
}

/** The resource's side, as the configuration has it. */
export interface Upstream {
  name: string;
  protocol: ProtocolName;
  host: string;
  port: number;
  tls: 'verify-full' | 'disable';
  /** PEM roots for `verify-full`; the system's if absent. */
  ca?: string | undefined;
  /** The default first. */
  databases: readonly string[];
  record: 'statements' | 'output';
  /**
   * The gateway's own, looked up by reference for each dial; never kept. With `ephemeral`, flows never get it: it mints what
   * they get, and reads the catalogue.
   */
  login?: (() => Promise<UpstreamLogin>) | undefined;
  /** Each flow logs in by a role of its own, which dies with it. */
  ephemeral?: Ephemeral | undefined;
}

export interface Ephemeral {
  /** Which database roles a person's groups make the session a member of, in this order; it acts as the first. */
  grants: readonly { groups: readonly string[]; role: string }[];
  /** How long a minted role may wait for its login. */
  lifetimeMs: number;
}

/** A credential for one flow: minted for it, used once, dropped at its end. */
export interface Lease {
  role: string;
  login: UpstreamLogin;
  /** The flow has left the upstream, or never came there. Never waits. */
  end(): void;
}
export type Leased = { ok: true; lease: Lease } | { ok: false; refusal: Refusal };
export interface LeaseAsked {
  upstream: Upstream;
  database: string;
  identity: Identity;
  session: string;
  /** The upstream did not take the last one: nothing that was minted before is good. */
  anew?: boolean;
}
/** What the gateway does upstream beside its flows; one for all of them. */
export interface Lessor {
  /** A flow's credential, where the connection's are ephemeral. */
  lease(asked: LeaseAsked): Promise<Leased>;
  /** Ends the work of a flow that was revoked, with that of all others of this turn. False: the upstream did not find it. */
  terminate(upstream: Upstream, backend: Backend): Promise<boolean>;
}

export interface FlowOptions {
  session: string;
  identity: Identity;
  program?: ClientProgram | undefined;
  upstream: Upstream;
  wire: Wire;
  recorder: Recorder;
  durability: 'writes' | 'all';
  /** What may not run, by what it does. */
  guardrails?: ((action: Action) => Verdict) | undefined;
  /** Who decides on the client's actions besides, in this order. */
  judges?: readonly Judge[] | undefined;
  /** What this person may not see on this connection; with `reads`. */
  masks?: Masks | undefined;
  /** A control of this connection goes by readings. */
  reads?: boolean | undefined;
  /** Aborted to end the flow natively; `reason` is the `Refusal` that the client is told. */
  signal: AbortSignal;
  /** Maps minted cancel keys to running flows; one for the whole gateway. */
  cancels: CancelRegistry;
  /** Needed where the upstream's credentials are ephemeral; without it, each revoked flow cancels its work by itself. */
  credentials?: Lessor | undefined;
  /** How long a client may take to say what it wants, i.e. until its engine dials or ends; 10 s if absent. */
  openingMs?: number | undefined;
  /** Told of errors that are our bug, for the log; the client learns only that there was one. */
  report?: ((error: unknown) => void) | undefined;
}

/** Keys minted for clients, each owned by one flow; compared in constant time. */
export interface CancelRegistry {
  /** `secretBytes`: 4 in PostgreSQL's protocol 3.0, more where it can carry more. */
  mint(
    cancel: () => void | Promise<void>,
    secretBytes: number,
  ): { process: number; secret: Uint8Array; release: () => void };
  /** Cancels the flow's running work if the key is exactly one of ours; resolves once the upstream was told. */
  cancel(process: number, secret: Uint8Array): Promise<boolean>;
}

/**
 * `runFlow` takes a flow from its first byte to its record. Resolves when all is closed and told to the recorder; what
 * the client has not yet taken may then still be on its way, so the wire's owner lets it flow until both ends are in.
 */
export type RunFlow = (options: FlowOptions) => Promise<Outcome>;
