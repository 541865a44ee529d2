import type { Catalogue } from './catalogue.js';
import { listOf, type Part, partsOf, words } from './nodes.js';

/** What names and numbers stand for in a body that are no columns. */
export interface Declared {
  /** Variables and named parameters, with the oids of those whose types are the server's own and no pseudo-types. */
  variables: ReadonlyMap<string, number | undefined>;
  /** Oids of its inputs in order; 0 where that is not known. */
  takes: readonly number[];
}

/** `made`: a CREATE FUNCTION, CREATE PROCEDURE or DO; `block`: what PL/pgSQL's parser made of it. */
export function declaredIn(made: Part, block: unknown, catalogue: Catalogue): Declared {
  const variables = new Map<string, number | undefined>();
  const takes: number[] = [];
  const declare = (name: string, type: number | undefined) =>
    void variables.set(name, !variables.has(name) || variables.get(name) === type ? type : undefined);
  for (const { name, mode, argType } of partsOf(made.parameters, 'FunctionParameter')) {
    const type = typeOf((argType ?? {}) as Part, catalogue);
    if (typeof name === 'string') declare(name, type);
    if (mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE') takes.push(type ?? 0);
  }
  eachNamed(block, (name, { lineno, datatype }) => {
    const { PLpgSQL_type: type } = (datatype ?? {}) as Record<string, Part | undefined>;
    // Of a parameter's type the parser knows nothing, and of others what was written.
    if (lineno !== undefined || BORN.test(name)) declare(name, writtenOf(String(type?.typname ?? ''), catalogue));
    else if (!variables.has(name)) declare(name, undefined);
  });
  return { variables, takes };
}

/** What every body has, of which the parser does know. https://www.postgresql.org/docs/current/plpgsql-trigger.html */
export const BORN = /^(?:found|sqlstate|sqlerrm|new|old|tg_\w+)$/;

function eachNamed(value: unknown, each: (name: string, datum: Part) => void): void {
  if (typeof value !== 'object' || value === null) return;
  const datum = value as Part;
  if (typeof datum.refname === 'string') each(datum.refname, datum);
  for (const child of Object.values(datum)) eachNamed(child, each);
}

/** A type as the grammar has it: its own words are in pg_catalog already. */
function typeOf({ names, arrayBounds, setof, pct_type }: Part, catalogue: Catalogue): number | undefined {
  const [name, schema = 'pg_catalog'] = [...words(names)].reverse();
  if (schema !== 'pg_catalog' || listOf(arrayBounds).length > 0 || setof === true || pct_type === true)
    return undefined;
  return builtin(name, catalogue);
}

/** A type as it was written in a declaration. */
function writtenOf(written: string, catalogue: Catalogue): number | undefined {
  const plain = written
    .toLowerCase()
    .replace(/\(\s*\d+(?:\s*,\s*\d+)?\s*\)/, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^[a-z0-9 ]+$/.test(plain) ? builtin(SPELLED.get(plain) ?? plain, catalogue) : undefined;
}
const SPELLED: ReadonlyMap<string, string> = new Map([
  ['int', 'int4'],
  ['integer', 'int4'],
  ['bigint', 'int8'],
  ['smallint', 'int2'],
  ['boolean', 'bool'],
  ['decimal', 'numeric'],
  ['real', 'float4'],
  ['double precision', 'float8'],
  ['character varying', 'varchar'],
  ['timestamp with time zone', 'timestamptz'],
  ['timestamp without time zone', 'timestamp'],
]);

/** pg_catalog comes before all others where it is not named in a path. */
function builtin(name: string | undefined, { types }: Catalogue): number | undefined {
  const [only, ...others] = types.get(name ?? '') ?? [];
  return only?.builtin === true && others.length === 0 && only.kind === 'b' ? only.oid : undefined;
}
