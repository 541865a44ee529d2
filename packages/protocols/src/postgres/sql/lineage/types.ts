import type { TypeName } from 'libpg-query';
import type { UserType } from '../catalogue.js';
import { changed, type Field, type Flow, mix, opaque, renamed, type Shape } from './flow.js';
import { clauseOf } from './functions.js';
import { namesOf } from './nodes.js';
import { columnsOf, pathsOf } from './relations.js';
import type { Scope } from './scope.js';

/** Oids of text, varchar and bpchar: a value keeps its characters between them. */
const TEXTS: ReadonlySet<number> = new Set([25, 1043, 1042]);
const TEXT_NAMES: ReadonlySet<string> = new Set(['text', 'varchar']);

/** What a cast gives: the same value between texts, the same row under a row type's names, else whatever it makes of it. */
export function castFlow(flow: Flow, type: TypeName | undefined, scope: Scope): Flow {
  const names = namesOf(type?.names);
  const name = names.at(-1) ?? '';
  if (keepsText(type, names) && flow.exact && TEXTS.has(flow.type ?? 0)) return flow;
  const found = typesNamed(names, scope);
  const clause = found.flatMap((one) => one.calls.flatMap((called) => clauseOf(called, scope) ?? []))[0];
  const value = clause === undefined ? changed(flow) : mix([flow, opaque(clause)]);
  const shape = rowType(found, scope);
  if (shape === undefined)
    return found.length === 0 && !isBuiltin(name, names)
      ? mix([value, opaque(`the type ${name} is not known`)])
      : value;
  return {
    ...value,
    row: shape.fields.map(
      (field, i): Field => ({
        name: field.name,
        flow: (shape.fields.length === flow.row?.length ? flow.row[i]?.flow : undefined) ?? value,
      }),
    ),
  };
}

function keepsText(type: TypeName | undefined, names: readonly string[]): boolean {
  const plain = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  return plain && TEXT_NAMES.has(names.at(-1) ?? '') && type?.typmods === undefined && type?.arrayBounds === undefined;
}

/** Types of the grammar are there whatever the catalogue lists. */
const isBuiltin = (name: string, names: readonly string[]): boolean => names[0] === 'pg_catalog' || name === '';

export function typesNamed(names: readonly string[], scope: Scope): readonly UserType[] {
  const [name, schema] = [...names].reverse();
  const paths = pathsOf(scope.at);
  const all = scope.at.catalogue.types.get(name ?? '') ?? [];
  return all.filter((type) =>
    schema === undefined ? paths.some((path) => path.includes(type.schema)) : type.schema === schema,
  );
}

/** The columns of a row type, a table's or one of its own; of a domain over one, too. */
function rowType(types: readonly UserType[], scope: Scope): Shape | undefined {
  for (const type of types) {
    const shape = rowOfType(type.oid, scope);
    if (shape !== undefined) return shape;
  }
  return;
}

/** The columns of values of a type: a row type's, or those of an array's or a domain's elements. */
export function rowOfType(oid: number, scope: Scope): Shape | undefined {
  const { catalogue } = scope.at;
  let type = catalogue.typeByOid.get(oid);
  for (let depth = 0; type !== undefined && type.relation === 0 && depth < 8; depth++)
    type = catalogue.typeByOid.get(type.base);
  const relation = type === undefined ? undefined : catalogue.byOid.get(type.relation);
  return relation === undefined ? undefined : renamed(columnsOf(relation, catalogue), []);
}
