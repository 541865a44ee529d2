import { ANY_COLUMN } from '@hoop/core';
import { matchesAny } from '../pattern.js';
import { bitOf, DETECTORS, type DetectorName, type Wanted } from './detect/detectors.js';
import { meansColumn } from './patterns.js';
import { type MaskRule, UNREAD } from './rules.js';

/** More names than a database has columns that people ask for. */
const KNOWN_MOST = 20_000;

/** The rules that hold for one person on one connection. */
export class Scope {
  readonly rules: readonly MaskRule[];
  /** What is looked for in content. */
  readonly wanted: Wanted;
  /** Some columns are masked; so what was not understood may be one of them. */
  readonly hasColumns: boolean;
  /** What masks a copy of any column's values. */
  readonly #copies: MaskRule | undefined;
  readonly #known = new Map<string, MaskRule | undefined>();

  constructor(rules: readonly MaskRule[], connection: string, groups: readonly string[]) {
    this.rules = rules.filter(
      ({ connections, exempt }) =>
        matchesAny(connections, connection) && !exempt.some((group) => groups.includes(group)),
    );
    this.wanted = this.rules.reduce((all, { detectors }) => detectors.reduce((sum, name) => sum | bitOf(name), all), 0);
    const masking = this.rules.filter(({ columns, way }) => columns.length > 0 && way !== 'show');
    this.hasColumns = masking.length > 0;
    this.#copies = this.hasColumns ? ofCopies(masking) : undefined;
  }

  /** The rule that decides on a column, by its canonical name; one whose way is `show` too. */
  ruleOf(column: string): MaskRule | undefined {
    const known = this.#known.get(column);
    if (known !== undefined || this.#known.has(column)) return known;
    const rule = this.rules.find(
      ({ columns, except = [] }) =>
        columns.some((pattern) => meansColumn(pattern, column)) && !matchesAny(except, column),
    );
    if (this.#known.size >= KNOWN_MOST) this.#known.clear();
    this.#known.set(column, rule);
    return rule;
  }

  /** The rule that masks a column; undefined where it is shown. */
  maskOf(column: string): MaskRule | undefined {
    if (column === ANY_COLUMN) return this.#copies;
    const rule = this.ruleOf(column);
    return rule?.way === 'show' ? undefined : rule;
  }

  /** The rule that looks for something; the first that does. */
  ruleFor(detector: DetectorName): MaskRule | undefined {
    return this.rules.find(({ detectors }) => detectors.includes(detector));
  }

  /** The same by its bit, for each of them. */
  byDetector(): ReadonlyMap<Wanted, MaskRule> {
    const rules = new Map<Wanted, MaskRule>();
    for (const name of DETECTORS) {
      const rule = this.ruleFor(name);
      if (rule !== undefined) rules.set(bitOf(name), rule);
    }
    return rules;
  }
}

/** A copy may be of the column that is kept closest. */
function ofCopies(masking: readonly MaskRule[]): MaskRule {
  const predicates = masking.every((rule) => rule.predicates === 'allow') ? 'allow' : 'deny';
  return {
    name: UNREAD,
    connections: ['*'],
    columns: [ANY_COLUMN],
    detectors: [],
    way: 'redact',
    predicates,
    exempt: [],
  };
}
