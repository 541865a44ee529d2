import type { Column } from '../codec/backend.js';
import type { Pending } from './ledger.js';

/** A prepared statement, as its Parse defined it. */
export interface Prepared {
  text: string;
  /** Oids of its parameters' types, as the client gave them. */
  types: readonly number[];
  /** The same as the server has them, from a ParameterDescription; undefined until the client asked for one. */
  takes: readonly number[] | undefined;
  /** `Readings.era` when it was defined, 0 where nothing is read. */
  era: number;
  /** From a RowDescription; undefined until the client asked for one. */
  columns: readonly Column[] | undefined;
  /** Characters it holds. */
  weight: number;
  /** The text may change what names stand for. */
  renames: boolean;
  /** The server was asked for its columns, or those of its portal. */
  described: boolean;
}

/** A portal, as its Bind defined it. */
export interface Portal {
  /** Undefined where the statement was prepared in SQL. */
  prepared: Prepared | undefined;
  /** As a statement's; of what has no name, none can take its place. */
  era: number;
  text: string;
  parameters: readonly (string | null)[];
  /** Which of them came in binary. */
  binary: readonly boolean[];
  formats: readonly number[];
  columns: readonly Column[] | undefined;
  described: boolean;
  weight: number;
  /** The Execute that was suspended: the next one goes on with it, and is not judged anew. */
  suspended: Pending | undefined;
  /** It was executed by the protocol, and judged then. */
  asked: boolean;
}

type Kind = 'statement' | 'portal';

/**
 * What each name of a prepared statement or portal stands for *when the server gets to it*. A definition counts within
 * its own pipeline at once: if it fails, the server skips what follows up to Sync. Beyond Sync it counts only when the
 * server has confirmed it; until then the name is `unsettled`, and whoever needs it waits.
 */
export class Names {
  readonly #confirmed = { statement: new Map<string, Prepared>(), portal: new Map<string, Portal>() };
  readonly #pipeline = { statement: new Map<string, Prepared>(), portal: new Map<string, Portal>() };
  readonly #unsettled = { statement: new Map<string, number>(), portal: new Map<string, number>() };
  #freed = { statement: false, portal: false };
  readonly #dropped: (suspended: Pending) => void;
  #confirmedWeight = 0;
  #pipelineWeight = 0;

  /** `dropped` is told of each suspended Execute that nothing can go on with. */
  constructor(dropped: (suspended: Pending) => void) {
    this.#dropped = dropped;
  }

  /** How much text is held here, in characters. */
  get weight(): number {
    return this.#confirmedWeight + this.#pipelineWeight;
  }

  unsettled(kind: Kind, name: string): boolean {
    return !this.#pipeline[kind].has(name) && this.#unsettled[kind].has(name);
  }

  statement(name: string): Prepared | undefined {
    return this.#pipeline.statement.get(name) ?? this.#confirmed.statement.get(name);
  }

  portal(name: string): Portal | undefined {
    return this.#pipeline.portal.get(name) ?? this.#confirmed.portal.get(name);
  }

  /** A Parse was read. */
  prepare(name: string, prepared: Prepared): void {
    this.#pipeline.statement.set(name, prepared);
    this.#pipelineWeight += prepared.weight;
    this.#unsettle('statement', name);
  }

  /** A Bind was read. */
  bind(name: string, portal: Portal): void {
    this.#pipeline.portal.set(name, portal);
    this.#pipelineWeight += portal.weight;
    this.#unsettle('portal', name);
  }

  /** A Close was read. A Bind of a closed statement fails, so the pipeline needs no trace of it. */
  close(kind: Kind, name: string): void {
    this.#unsettle(kind, name);
  }

  /** A Sync was read: what was defined before is now the server's to confirm. */
  sync(): void {
    this.#pipeline.statement.clear();
    this.#pipeline.portal.clear();
    this.#pipelineWeight = 0;
  }

  prepared(name: string, prepared: Prepared): void {
    this.settle('statement', name);
    this.#forget('statement', name);
    this.#confirmed.statement.set(name, prepared);
    this.#confirmedWeight += prepared.weight;
  }

  bound(name: string, portal: Portal): void {
    this.settle('portal', name);
    this.#forget('portal', name);
    this.#confirmed.portal.set(name, portal);
    this.#confirmedWeight += portal.weight;
  }

  closed(kind: Kind, name: string): void {
    this.settle(kind, name);
    this.#forget(kind, name);
  }

  /** The server did with a definition what it does, or skipped it. */
  settle(kind: Kind, name: string): void {
    const count = this.#unsettled[kind].get(name) ?? 0;
    if (count > 1) this.#unsettled[kind].set(name, count - 1);
    else this.#unsettled[kind].delete(name);
  }

  /** A transaction has ended, or the flow: its portals are gone. */
  idle(): void {
    if (this.#confirmed.portal.size > 0) this.#forgetAll('portal');
  }

  /**
   * SQL shares the names: DEALLOCATE then PREPARE, or CLOSE or COMMIT then DECLARE CURSOR, can give a name of the protocol's a new
   * meaning. The server's command tags tell of both; then the old meanings are no longer known.
   */
  completed(tag: string): void {
    if (tag.startsWith('DEALLOCATE') || tag === 'DISCARD ALL') this.#freed.statement = true;
    if (tag.startsWith('CLOSE CURSOR') || tag === 'DISCARD ALL') this.#freed.portal = true;
    if (tag === 'COMMIT' || tag === 'ROLLBACK' || tag === 'PREPARE TRANSACTION') this.#freed.portal = true;
    if (tag === 'PREPARE' && this.#freed.statement) this.#forgetAll('statement');
    if (tag === 'DECLARE CURSOR' && this.#freed.portal) this.#forgetAll('portal');
  }

  #unsettle(kind: Kind, name: string): void {
    this.#unsettled[kind].set(name, (this.#unsettled[kind].get(name) ?? 0) + 1);
  }

  #forget(kind: Kind, name: string): void {
    const suspended = kind === 'portal' ? this.#confirmed.portal.get(name)?.suspended : undefined;
    this.#confirmedWeight -= this.#confirmed[kind].get(name)?.weight ?? 0;
    this.#confirmed[kind].delete(name);
    if (suspended !== undefined) this.#dropped(suspended);
  }

  #forgetAll(kind: Kind): void {
    for (const name of [...this.#confirmed[kind].keys()]) this.#forget(kind, name);
    this.#pipeline[kind].clear();
    this.#freed[kind] = false;
  }
}

/** Statements by which SQL makes and drops what the protocol names too. */
const RENAMES = /\b(?:prepare|deallocate|discard|declare|close)\b/i;

/** Whether a statement may be one of them. A function that does it by dynamic SQL is not seen. */
export const renames = (text: string): boolean => RENAMES.test(text);

/** How a name that SQL gave reads in the record: the SQL that does the same. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
