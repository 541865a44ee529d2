import type { Node } from 'libpg-query';
import { UNKNOWN } from '../overloads.js';
import { changed, type Field, mix, type Shape } from './flow.js';
import { columnsOf } from './known.js';
import { as, itemsOf, namesOf } from './nodes.js';
import { operated } from './operators.js';
import type { Item, Scope } from './scope.js';

/**
 * What rows of statistics say of a column without showing a value: how its rows are ordered, how many are alike. With a row of one's own
 * among them that finds a value out step by step, so it is of the column as its values are. How many are NULL and how wide they are,
 * which plans and reckonings of bloat go by, is not.
 */
const SUMMARIES: ReadonlyMap<string, RegExp> = new Map([
  ['pg_statistic', /^(stadistinct|stanumbers\d)$/],
  ['pg_statistic_ext_data', /^stxd(ndistinct|dependencies)$/],
  ['pg_stats', /^(n_distinct|correlation|most_common_(elem_)?freqs|elem_count_histogram|range_length_histogram)$/],
  ['pg_stats_ext', /^(n_distinct|dependencies|most_common_(base_)?freqs)$/],
  ['pg_stats_ext_exprs', /^(n_distinct|correlation|most_common_(elem_)?freqs|elem_count_histogram)$/],
]);

export const isSummary = (relation: string, column: string): boolean => SUMMARIES.get(relation)?.test(column) ?? false;

/** Of statistics that WHERE wants of some tables, the summaries are of these tables' columns alone; of any, where it does not. */
export function narrowed(items: readonly Item[], where: Node | undefined, scope: Scope): Item[] {
  return items.map((item) => {
    if (where === undefined || !hasStatistics(item.shape)) return item;
    const tables = tablesIn(where, item, scope);
    if (tables === undefined) return item;
    const about = tables.flatMap((name) => columnsNamed(name, scope));
    const fields = item.shape.fields.map((field) => (isOfStatistics(field) ? summing(field, about) : field));
    return { ...item, shape: { ...item.shape, fields } };
  });
}

const known = new WeakMap<Shape, boolean>();
function hasStatistics(shape: Shape): boolean {
  const found = known.get(shape) ?? shape.fields.some(isOfStatistics);
  known.set(shape, found);
  return found;
}

/** Of most columns this is all that is asked. */
const MAY_BE = /^(?:sta|stxd|n_distinct|correlation|dependencies|most_common|elem_count|range_length)/;
const isOfStatistics = ({ name, flow }: Field): boolean =>
  MAY_BE.test(name) &&
  [...SUMMARIES.keys()].some((of) => isSummary(of, name) && flow.columns.has(`pg_catalog.${of}.${name}`));

const summing = ({ name, flow }: Field, about: readonly Field[]): Field => ({
  name,
  flow: { ...changed(mix(about.map((field) => field.flow))), type: flow.type },
});

function columnsNamed(table: string, { at }: Scope): readonly Field[] {
  const found = [...at.catalogue.relations.values()].flatMap((schema) => schema.get(table) ?? []);
  return found.flatMap((relation) => columnsOf(relation, at).fields);
}

/** The tables that one of its conditions lets in; undefined where none says. */
function tablesIn(where: Node, item: Item, scope: Scope): readonly string[] | undefined {
  const both = as(where, 'BoolExpr');
  if (both?.boolop === 'AND_EXPR')
    for (const arg of both.args ?? []) {
      const found = tablesIn(arg, item, scope);
      if (found !== undefined) return found;
    }
  if (as(where, 'A_Const')?.boolval !== undefined && as(where, 'A_Const')?.boolval?.boolval !== true) return [];
  const body = as(where, 'A_Expr');
  const names = namesOf(as(body?.lexpr, 'ColumnRef')?.fields);
  const own = names.at(-1) === 'tablename' && (names.length === 1 || (names.length === 2 && names[0] === item.name));
  if (body === undefined || !own || !['AEXPR_OP', 'AEXPR_IN'].includes(body.kind ?? '')) return undefined;
  const tables = itemsOf(body.rexpr).map((node) => as(node, 'A_Const')?.sval?.sval);
  const isEqual = namesOf(body.name).join() === '=' && !operated(body, [NAME], [TEXT], scope).foreign;
  return isEqual && tables.every((one) => one !== undefined && isKnown(one, scope)) ? (tables as string[]) : undefined;
}
const NAME = { ...mix([]), type: 19 };
const TEXT = { ...mix([]), type: UNKNOWN };

/** What was made or renamed since may have that name too. */
const isKnown = (table: string, { at }: Scope): boolean => !(at.made ?? []).some(({ name }) => name === table);
