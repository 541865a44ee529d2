import type { OutputColumn, OutputSource } from '@hoop/core';
import type { Catalogue } from '../../sql/catalogue.js';
import { holdsOf, readsOf } from '../types.js';

/** The columns of a COPY, whose types the server does not tell: known are those of columns that are copied as they are. */
export function copiedColumns(
  count: number,
  format: 'text' | 'binary',
  sources: readonly OutputSource[] | undefined,
  catalogue: Catalogue | undefined,
): OutputColumn[] {
  const known = sources?.length === count ? sources : undefined;
  return Array.from({ length: count }, (_, at) => {
    const source = known?.[at];
    const type = typeOf(source, catalogue);
    const reads = readsOf(type, format);
    const name = source?.name ?? '?column?';
    return { name, format, type, holds: holdsOf(type, catalogue), ...(reads !== undefined && { reads }), source };
  });
}

/** 0 where it is no column's own value. */
function typeOf(source: OutputSource | undefined, catalogue: Catalogue | undefined): number {
  const [column] = source?.exact === true ? source.columns : [];
  if (column === undefined) return 0;
  const [schema = '', relation = '', ...name] = column.split('.');
  return (
    catalogue?.relations
      .get(schema)
      ?.get(relation)
      ?.columns.find((one) => one.name === name.join('.'))?.type ?? 0
  );
}
