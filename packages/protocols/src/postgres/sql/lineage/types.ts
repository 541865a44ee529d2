import type { TypeName } from 'libpg-query';
import type { UserType } from '../catalogue.js';
import type { ReadingContext } from '../context.js';
import { isSchema, isTemporary } from '../names.js';
import { changed, type Field, type Flow, mix, opaque, type Shape } from './flow.js';
import { arrayOf, besidesOid } from './functions.js';
import { columnsOf } from './known.js';
import { namesOf } from './nodes.js';
import { pathsOf } from './relations.js';
import type { Scope } from './scope.js';

/** Oids of text, varchar and bpchar: a value keeps its characters between them. */
export const TEXTS: ReadonlySet<number> = new Set([25, 1043, 1042]);
const TEXT_NAMES: ReadonlySet<string> = new Set(['text', 'varchar']);

/** What a cast gives: the same value between texts, the same row under a row type's names, else whatever it makes of it. */
export function castFlow(flow: Flow, type: TypeName | undefined, scope: Scope): Flow {
  const names = namesOf(type?.names);
  const name = names.at(-1) ?? '';
  const found = typesNamed(names, scope);
  if (keepsText(type, names) && (flow.exact || flow.folded === true) && TEXTS.has(flow.type ?? 0))
    return { ...flow, type: meant(found) };
  const own =
    found.length === 1 && found.every(isCitext) && (flow.exact || flow.folded === true) && TEXTS.has(flow.type ?? 0);
  const called = found.flatMap((one) => one.calls.map((oid) => besidesOid(oid, scope)));
  const lost = found.length === 0 && names[0] !== 'pg_catalog' ? [opaque(`the type ${name} is not known`)] : [];
  const value = changed(mix([flow, ...called, ...lost]));
  const array = type?.arrayBounds !== undefined;
  const shape = rowType(found, scope);
  const folded = own && type?.arrayBounds === undefined ? { folded: true } : {};
  const typed: Flow = { ...value, ...folded, type: array ? arrayOf(meant(found), scope) : meant(found) };
  if (shape === undefined) return typed;
  const alike = shape.fields.length === flow.row?.length ? flow.row : undefined;
  return {
    ...typed,
    row: shape.fields.map((field, i): Field => ({ name: field.name, flow: alike?.[i]?.flow ?? value })),
  };
}

/** The one that a name means, where it can be told. */
const meant = (found: readonly UserType[]): number | undefined => (found.length === 1 ? found[0]?.oid : undefined);

/** Oid of the type that is written out, as of a column. */
export function typeWritten(type: TypeName | undefined, scope: Scope): number | undefined {
  if (type === undefined || type.setof === true || type.pct_type === true) return undefined;
  const oid = meant(typesNamed(namesOf(type.names), scope));
  return type.arrayBounds === undefined ? oid : arrayOf(oid, scope);
}

/** The text of an extension that only who installs extensions can have made: a type of the base kind. */
export const isCitext = ({ name, kind }: UserType): boolean => name === 'citext' && kind === 'b';

function keepsText(type: TypeName | undefined, names: readonly string[]): boolean {
  const plain = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  return plain && TEXT_NAMES.has(names.at(-1) ?? '') && type?.typmods === undefined && type?.arrayBounds === undefined;
}

export function typesNamed(names: readonly string[], scope: Scope): readonly UserType[] {
  const [name, schema] = [...names].reverse();
  const paths = pathsOf(scope.at);
  const all = scope.at.catalogue.types.get(name ?? '') ?? [];
  return all.filter((type) =>
    schema === undefined
      ? isTemporary(type.schema) || paths.some((path) => path.includes(type.schema))
      : isSchema(schema, type.schema),
  );
}

/** The columns of a row type, a table's or one of its own; of a domain over one, too. */
function rowType(types: readonly UserType[], scope: Scope): Shape | undefined {
  for (const type of types) {
    const shape = rowOfType(type.oid, scope.at);
    if (shape !== undefined) return shape;
  }
  return;
}

/** The columns of values of a type: a row type's, or those of an array's or a domain's elements. */
export function rowOfType(oid: number, at: ReadingContext): Shape | undefined {
  const { catalogue } = at;
  let type = catalogue.typeByOid.get(oid);
  for (let depth = 0; type !== undefined && type.relation === 0 && depth < 8; depth++)
    type = catalogue.typeByOid.get(type.base);
  const relation = type === undefined ? undefined : catalogue.byOid.get(type.relation);
  return relation === undefined ? undefined : columnsOf(relation, at);
}

/** The columns of a value that is a row, or an array of rows. */
export function rowFields(flow: Flow, scope: Scope): readonly Field[] | undefined {
  if (flow.row !== undefined || flow.type === undefined) return flow.row;
  const value = changed(flow);
  return rowOfType(flow.type, scope.at)?.fields.map((field) => ({ name: field.name, flow: value }));
}
