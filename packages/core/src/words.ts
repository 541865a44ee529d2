import type { Reading } from './reading.js';
import type { Rows } from './rows.js';

/**
 * The words of the design (§2) as types. One meaning each; protocols and controls meet only through these.
 */

/** Whom the IdP vouches for. */
export interface Identity {
  /** The IdP's `sub`: stable, never reused. */
  subject: string;
  /** Lower-case address: the person's name in messages and in the audit. */
  email: string;
  groups: readonly string[];
}

/** The laptop's program behind a flow, as hoopd saw it; told, not proven. */
export interface ClientProgram {
  pid?: number | undefined;
  /** Executable's base name, e.g. `psql`. */
  name?: string | undefined;
}

export const STATEMENT_CLASSES = ['read', 'write', 'define', 'administer', 'unknown'] as const;
export type StatementClass = (typeof STATEMENT_CLASSES)[number];

/** A statement that the client asks the upstream to run. */
export interface Statement {
  kind: 'statement';
  /** The text as the client sent it. */
  text: string;
  /** Parameters as shown in the record: text as it is, binary as `\x…` hex, `null` for NULL. */
  parameters?: readonly (string | null)[] | undefined;
  class: StatementClass;
  /**
   * `plain-select`: one SELECT that names no function. What it does cannot be told from that (a view may call one), so it only
   * spares the wait for the disk, and must never allow anything.
   */
  form?: 'plain-select' | undefined;
  /** What each of its commands does, in order; absent where no control of the connection goes by it. */
  readings?: readonly Reading[] | undefined;
}
export interface HttpRequest {
  kind: 'http-request';
  method: string;
  path: string;
}
export interface Command {
  kind: 'command';
  text: string;
}
export interface ShellOpen {
  kind: 'shell-open';
}
/** What can be judged. */
export type Action = Statement | HttpRequest | Command | ShellOpen;

/** An action as one line of a record. */
export function textOf(action: Action): string {
  if (action.kind === 'http-request') return `${action.method} ${action.path}`;
  return action.kind === 'shell-open' ? 'shell' : action.text;
}

export interface Body {
  kind: 'body';
  bytes: Uint8Array;
}
export interface Terminal {
  kind: 'terminal';
  bytes: Uint8Array;
}
export interface Message {
  kind: 'message';
  text: string;
}
/** What comes back and can be masked. */
export type Output = Rows | Body | Terminal | Message;

/** A line for the person behind the client, rendered by the engine in its protocol. */
export interface Note {
  severity: 'notice' | 'warning';
  message: string;
  hint?: string | undefined;
}

/** The credential that an approved write runs under. */
export interface Actor {
  role: string;
}

export type Verdict =
  | {
      allow: true;
      notices?: readonly Note[] | undefined;
      as?: Actor | undefined;
      /** What comes back goes through `reveal` before it is shown. */
      reveals?: boolean | undefined;
      /** Guardrails that held and let it through, for the record. */
      matched?: readonly Matched[] | undefined;
      /** What the upstream says of it beside that (errors, notices) may hold what is masked: it is made generic. */
      generic?: boolean | undefined;
    }
  | {
      allow: false;
      rule: string;
      reason: string;
      hint?: string | undefined;
      notices?: readonly Note[] | undefined;
      /** Not for what it does: it was not understood. */
      unread?: true | undefined;
    };

/** A guardrail that held for an action and let it through. */
export interface Matched {
  rule: string;
  then: 'warn' | 'observe';
}

/** The rule of a denial whose action was withdrawn while it was held: the client cancelled it, or has left. */
export const WITHDRAWN = 'withdrawn';

/** Why a flow is refused or ended, in words that any protocol can render. */
export interface Refusal {
  code:
    | 'not-granted' // this person may not open this connection
    | 'identity-disabled'
    | 'login-required' // nobody is logged in, or the lease has run out
    | 'unknown-connection'
    | 'port-refused'
    | 'no-such-database'
    | 'upstream-unreachable'
    | 'upstream-refused' // wrong password or certificate: the operator's to fix
    | 'gateway-unreachable'
    | 'link-lost'
    | 'shutting-down'
    | 'too-many'
    | 'record-failed'
    | 'protocol'
    | 'internal';
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
  /** The upstream's own code (SQLSTATE), where the refusal passes on what the upstream said; else the protocol's for `code`. */
  native?: string | undefined;
}

/** What the record keeps of a flow's events; times are the recorder's. */
export type Entry =
  | { kind: 'opened'; database?: string | undefined; user?: string | undefined; application?: string | undefined }
  | {
      kind: 'finished';
      statement: number;
      ms: number;
      rows: number;
      bytes: number;
      tag?: string | undefined;
      error?: EntryError | undefined;
    }
  | { kind: 'output'; statement: number; output: Output }
  /** Cells of a statement's answer that were masked by a rule. */
  | { kind: 'masked'; statement: number; rule: string; cells: number }
  | { kind: 'cancel'; statement?: number | undefined }
  | { kind: 'copied'; statement: number; direction: 'in' | 'out'; bytes: number; rows: number };
export interface EntryError {
  /** The protocol's own code, e.g. SQLSTATE. */
  code: string;
  message: string;
}

/** How a flow ended. */
export interface Outcome {
  end: 'client' | 'upstream' | 'refused' | 'revoked' | 'broken' | 'error';
  refusal?: Refusal | undefined;
  bytesIn: number;
  bytesOut: number;
}

export type Side = 'client' | 'upstream';

/** The protocols that exist; the tables of `protocols` are exhaustive over it. */
export const PROTOCOLS = ['postgres', 'tcp'] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];
