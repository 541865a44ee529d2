import type { ConnectAnswer, ConnectEffect, Dialled } from './script.js';
import type { Refusal } from './words.js';

/**
 * What the gateway does for itself on a connection of its own beside the flows (design §6): it mints the credentials that
 * die with a session, drops them, finds what a crash has left of them, and ends work of flows that were revoked.
 */
export type Errand =
  /** Makes roles that may log in; all or none. */
  | { do: 'mint'; roles: readonly NewRole[]; lifetimeMs: number }
  /** Ends what still runs as these roles, gives what they own in this database to its owner, and drops them. */
  | { do: 'drop'; roles: readonly OwnedRole[] }
  /** The same for this database alone; the roles stay. */
  | { do: 'disown'; roles: readonly OwnedRole[] }
  /** The roles whose name starts so, which this login has made. */
  | { do: 'list'; prefix: string }
  /** Ends the work of connections that this login has opened. */
  | { do: 'terminate'; backends: readonly Backend[] }
  /** Whether what `learn` gave is still so; without `surely`, the server's own counts may tell, which lag. */
  | { do: 'compare'; knowledge: unknown; surely: boolean }
  /** What this login lacks in order to mint roles that are members of these. */
  | { do: 'try'; roles: readonly string[] };

export interface NewRole {
  name: string;
  password: string;
  /** Database roles that it is a member of; the session acts as the first, which so owns what the session makes. */
  members: readonly [string, ...string[]];
  /** Kept with the role, for all to read. */
  mark: string;
}

export interface OwnedRole {
  name: string;
  /** Who gets what it owns. */
  owner: string;
}

export interface FoundRole {
  name: string;
  mark: string;
  /** Databases where something depends on it. */
  databases: readonly string[];
}

export interface Backend {
  /** As the upstream's own cancel key has it. */
  process: number;
  /** For how long it has been open, at the least; one that is younger is another with the same number. */
  ageMs: number;
}

/** Something that a login lacks, and the statement that gives it, if there is one. */
export interface Lack {
  message: string;
  cure?: string | undefined;
}

export interface Compared {
  same: boolean;
  /** How long the server was at it. */
  ms: number;
}

export interface Answers {
  mint: undefined;
  /** What is still there, because it holds something in another database or cannot be ended. */
  drop: readonly string[];
  disown: undefined;
  list: readonly FoundRole[];
  /** The processes that were ended. */
  terminate: readonly number[];
  compare: Compared;
  try: readonly Lack[];
}
export type AnswerTo<E extends Errand> = Answers[E['do']];
export type Ran<T> = { ok: true; answer: T } | { ok: false; refusal: Refusal };

/**
 * A side connection, sans-IO as `connect`: logs in, then does errand after errand. `next` gives in the answer to the errand
 * before (none at first: the login is through) and resumes with the next, or with `null` to end.
 */
export type SideEffect = ConnectEffect | { do: 'next'; ran: Ran<unknown> | undefined };
export type SideScript = Generator<SideEffect, Dialled, ConnectAnswer>;
