import type { OutputColumn, OutputSource } from '@hoop/core';
import type { Column } from '../codec/backend.js';
import type { Catalogue } from '../sql/catalogue.js';
import { holdsOf, readsOf } from './types.js';

/**
 * Columns as a mask sees them. Sources that are more or fewer than the columns belong to none of them. The server's own
 * word on where a column comes from is kept beside: a column is masked if either says so.
 */
export function seen(
  columns: readonly Column[],
  sources: readonly OutputSource[] | undefined,
  catalogue: Catalogue | undefined,
): OutputColumn[] {
  const known = sources?.length === columns.length ? sources : undefined;
  return columns.map(({ name, format, type, table, number }, at) => {
    const reads = readsOf(type, format);
    return {
      name,
      format,
      type,
      holds: holdsOf(type, catalogue),
      ...(reads !== undefined && { reads }),
      source: known?.[at],
      origin: originOf(table, number, catalogue),
    };
  });
}

/** The canonical name of a table's column; 0 stands for none. */
function originOf(table: number, number: number, catalogue: Catalogue | undefined): string | undefined {
  const relation = table === 0 ? undefined : catalogue?.byOid.get(table);
  const column = relation?.columns.find((one) => one.number === number);
  return relation === undefined || column === undefined
    ? undefined
    : `${relation.schema}.${relation.name}.${column.name}`;
}
