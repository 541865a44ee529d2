import { type Action, ANY_COLUMN, type Reading } from '@hoop/core';
import type { Denied } from './predicates.js';
import type { Scope } from './scope.js';

/**
 * So many loads of a masked column may fail for a person in an hour. Each that does may have met a value that is there, and by what a
 * failed command leaves behind (a sequence, the size of a table) one can tell which: no more than so many are found out so.
 */
const FAILED_MOST = 5;
const WITHIN_MS = 3_600_000;
/** Statements of which the end is waited for. */
const UNDER_WAY_MOST = 1_000;
/** People whose failures are kept; the longest ago is forgotten first. */
const KEPT = 10_000;

/** When loads failed, by person and connection. */
export class FailedLoads {
  readonly #at = new Map<string, readonly number[]>();
  readonly #now: () => number;

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  of(whose: string): number {
    return this.#recent(whose).length;
  }

  add(whose: string): void {
    const recent = [...this.#recent(whose), this.#now()];
    this.#at.delete(whose);
    this.#at.set(whose, recent);
    if (this.#at.size > KEPT) this.#at.delete(this.#at.keys().next().value as string);
  }

  #recent = (whose: string): readonly number[] =>
    (this.#at.get(whose) ?? []).filter((at) => this.#now() - at < WITHIN_MS);
}

/** The loads of one flow: commands that put many values into a masked column at once. */
export class Loads {
  readonly #scope: Scope;
  readonly #failed: FailedLoads;
  readonly #whose: string;
  readonly #underWay = new Set<number>();
  /** What is sent again puts the same somewhere. */
  readonly #loaded = new WeakMap<readonly Reading[], { by: string | undefined }>();

  constructor(scope: Scope, failed: FailedLoads, whose: string) {
    this.#scope = scope;
    this.#failed = failed;
    this.#whose = whose;
  }

  judge(action: Action): Denied | undefined {
    const column = this.#loadedBy(action);
    if (column === undefined) return undefined;
    if (this.#failed.of(this.#whose) < FAILED_MOST) return undefined;
    return {
      allow: false,
      rule: this.#scope.maskOf(column)?.name ?? '',
      reason: `${column} is masked for you, and too many statements that put many values into it have failed: that tells which are there.`,
      hint: 'Put in up to ten rows in a statement, or try again in an hour.',
    };
  }

  begun(action: Action, statement: number): void {
    if (this.#loadedBy(action) === undefined) return;
    this.#underWay.add(statement);
    if (this.#underWay.size > UNDER_WAY_MOST) this.#underWay.delete(this.#underWay.values().next().value as number);
  }

  finished(statement: number, failed: boolean): void {
    if (this.#underWay.delete(statement) && failed) this.#failed.add(this.#whose);
  }

  #loadedBy(action: Action): string | undefined {
    if (action.kind !== 'statement' || action.readings === undefined) return undefined;
    const known = this.#loaded.get(action.readings);
    if (known !== undefined) return known.by;
    const by = action.readings.flatMap(({ loads = [] }) => loads).find(this.#isHidden);
    this.#loaded.set(action.readings, { by });
    return by;
  }

  #isHidden = (column: string): boolean => column !== ANY_COLUMN && this.#scope.maskOf(column)?.predicates === 'deny';
}
