import type { Action, Entry, Output, Statement } from '@hoop/core';
import { Loads } from './loads.js';
import { type Denied, judgePredicates, touchedBy } from './predicates.js';
import { Redaction } from './redacted.js';
import { type MaskPorts, RowMask } from './rows.js';
import type { MaskRule } from './rules.js';
import { Scope } from './scope.js';
import { REDACTED } from './ways.js';

/** All masks of one flow. */
export interface Masks {
  /** The denial of a statement that would find out what is masked; undefined where it may run. */
  judge(action: Action): Denied | undefined;
  /** How what comes back of an allowed action is treated. */
  treats(action: Action): { reveals: boolean; generic: boolean };
  /** It goes to the upstream, by that number. */
  begun(action: Action, statement: number): void;
  /** The action as the record keeps it. */
  redacted(action: Action): Action | Promise<Action>;
  /** The output as it is shown. */
  reveal(output: Output, statement: number): Output | Promise<Output>;
  /** What was masked of a statement that has come to its end, with an error or without. */
  told(statement: number, failed?: boolean): Entry[];
}

/** The masks for a person on a connection; undefined where none holds. */
export function masksFor(
  rules: readonly MaskRule[],
  at: { connection: string; groups: readonly string[]; person: string },
  ports: MaskPorts,
): Masks | undefined {
  const scope = new Scope(rules, at.connection, at.groups);
  return scope.hasColumns || scope.wanted !== 0
    ? new ScopedMasks(scope, ports, `${at.connection} ${at.person}`)
    : undefined;
}

class ScopedMasks implements Masks {
  readonly #scope: Scope;
  readonly #rows: RowMask;
  readonly #loads: Loads;
  /** Cells by statement and rule. */
  readonly #counts = new Map<number, Map<string, number>>();
  readonly #redaction: Redaction;
  /** What is sent again was judged before; by its readings. */
  readonly #denials = new WeakMap<NonNullable<Statement['readings']>, { denied: Denied | undefined }>();
  readonly #touches = new WeakMap<NonNullable<Statement['readings']>, boolean>();

  constructor(scope: Scope, ports: MaskPorts, whose: string) {
    this.#scope = scope;
    this.#loads = new Loads(scope, ports.failedLoads, whose);
    this.#rows = new RowMask(scope, ports);
    this.#redaction = new Redaction(scope, this.#rows);
  }

  judge(action: Action): Denied | undefined {
    if (action.kind !== 'statement') return undefined;
    return this.#asks(action) ?? this.#loads.judge(action);
  }

  #asks(action: Statement): Denied | undefined {
    const { readings } = action;
    const known = readings && this.#denials.get(readings);
    if (known !== undefined) return known.denied;
    const denied = judgePredicates(action, this.#scope);
    if (readings !== undefined) this.#denials.set(readings, { denied });
    return denied;
  }

  begun(action: Action, statement: number): void {
    this.#loads.begun(action, statement);
  }

  treats(action: Action): { reveals: boolean; generic: boolean } {
    return { reveals: true, generic: this.#scope.hasColumns && this.#isTouching(action) };
  }

  /** It may learn of a masked column: by what was read of it, or because that is not all. */
  #isTouching(action: Action): boolean {
    if (action.kind !== 'statement' || action.readings === undefined) return true;
    const { readings } = action;
    const known = this.#touches.get(readings);
    if (known !== undefined) return known;
    const touching = readings.some(
      (one) =>
        one.class === 'unknown' ||
        one.outputs === undefined ||
        one.outputs.some(({ opaque }) => opaque !== undefined) ||
        touchedBy(one, this.#scope).length > 0 ||
        (one.told ?? []).some((column) => this.#scope.maskOf(column) !== undefined),
    );
    this.#touches.set(readings, touching);
    return touching;
  }

  redacted(action: Action): Action | Promise<Action> {
    return this.#redaction.of(action);
  }

  reveal(output: Output, statement: number): Output | Promise<Output> {
    if (output.kind === 'rows') return this.#rows.mask(output, (rule, cells) => this.#count(statement, rule, cells));
    if (output.kind === 'message') return this.#message(output.text, statement);
    return { ...output, bytes: new Uint8Array(0) };
  }

  /** What comes of no statement, such as another session's notification, may hold anything. */
  #message(text: string, statement: number): Output | Promise<Output> {
    const shown = statement === 0 && this.#scope.hasColumns ? REDACTED : this.#rows.text(text);
    const told = (one: string): Output => {
      if (one !== text) this.#count(statement, 'message', 1);
      return { kind: 'message', text: one };
    };
    return shown instanceof Promise ? shown.then(told) : told(shown);
  }

  #count(statement: number, rule: string, cells: number): void {
    let counts = this.#counts.get(statement);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(statement, counts);
    }
    counts.set(rule, (counts.get(rule) ?? 0) + cells);
  }

  told(statement: number, failed = false): Entry[] {
    this.#loads.finished(statement, failed);
    const counts = this.#counts.get(statement);
    if (counts === undefined) return [];
    this.#counts.delete(statement);
    const rules = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
    return rules.map(([rule, cells]) => ({ kind: 'masked', statement, rule, cells }));
  }
}
