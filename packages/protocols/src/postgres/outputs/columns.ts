import type { OutputColumn, OutputSource } from '@hoop/core';
import type { Column } from '../codec/backend.js';
import { type Catalogue, FIRST_OF_USERS } from '../sql/catalogue.js';
import type { Made } from '../sql/context.js';
import { holdsOf, readsOf } from './types.js';

/** What a mask goes by, beside the columns themselves. */
export interface Known {
  sources: readonly OutputSource[] | undefined;
  catalogue: Catalogue | undefined;
  /** Names that may mean something else than the catalogue has it. */
  made: readonly Made[];
  /** A catalogue that was loaded after the server had described the columns says no more of them. */
  settled: boolean;
}

export interface Seen {
  columns: readonly OutputColumn[];
  /** The server's word on them is what was known. If it is not, somebody may have changed meanwhile what they are of. */
  agrees: boolean;
}

/**
 * Columns as a mask sees them. Sources that are more or fewer than the columns belong to none of them. The server's own
 * word on where a column comes from is kept beside: a column is masked if either says so, and whole where the two do not agree.
 */
export function seen(columns: readonly Column[], known: Known): Seen {
  const { sources, catalogue, settled } = known;
  const fits = sources === undefined || sources.length === columns.length;
  const all = columns.map((column, at) => fitting(column, fits ? sources?.[at] : undefined, known));
  return {
    columns: all.map(({ column, source, fit }) => {
      const { name, format, type, table, number } = column;
      const reads = readsOf(type, format);
      return {
        name,
        format,
        type,
        holds: holdsOf(type, catalogue),
        ...(reads !== undefined && { reads }),
        source: fit === 'good' || (fit === 'renamed' && settled) ? source : undefined,
        origin: originOf(table, number, catalogue),
      };
    }),
    agrees: fits && all.every(({ fit }) => fit === 'good'),
  };
}

/** How what a reading says of a column goes with what the server does: `renamed` where it is the column, under another name. */
type Fit = 'good' | 'renamed' | 'bad';

function fitting(column: Column, source: OutputSource | undefined, known: Known) {
  return { column, source, fit: source === undefined ? ('good' as const) : fitOf(column, source, known) };
}

/** What came with the server nobody changes; table 0 stands for none. */
function fitOf({ name, table, number }: Column, source: OutputSource, { catalogue, made }: Known): Fit {
  if (table < FIRST_OF_USERS || catalogue === undefined || number > COLUMNS_MOST || isMade(source, made)) return 'good';
  const origin = originOf(table, number, catalogue);
  if (origin === undefined || !(source.columns.includes(origin) || source.opaque !== undefined)) return 'bad';
  return name === source.name ? 'good' : 'renamed';
}

/** Numbers of system columns are negative, and read without their sign. */
const COLUMNS_MOST = 0x7fff;

/** It is of a relation that a flow of ours has made or changed; what that has is known without the catalogue. */
const isMade = ({ columns }: OutputSource, made: readonly Made[]): boolean =>
  made.length > 0 && columns.some((column) => made.some(({ name }) => column.split('.')[1] === name));

/** The canonical name of a table's column; 0 stands for none. */
function originOf(table: number, number: number, catalogue: Catalogue | undefined): string | undefined {
  const relation = table === 0 ? undefined : catalogue?.byOid.get(table);
  const column = relation?.columns.find((one) => one.number === number);
  return relation === undefined || column === undefined
    ? undefined
    : `${relation.schema}.${relation.name}.${column.name}`;
}
