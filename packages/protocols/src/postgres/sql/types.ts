import type { UserType } from './catalogue.js';
import type { MadeColumn } from './context.js';
import { Facts } from './facts.js';
import type { Part } from './nodes.js';
import { words } from './nodes.js';
import { arrayType, WORDS } from './overloads.js';
import { remember } from './remember.js';
import { callOid } from './routines.js';
import { readExpressions } from './texts.js';
import { type Desk, schemaOf } from './walk.js';

/** A type that a command names: making a value of it may run a domain's checks and a user's casts. */
export function touchType(desk: Desk, part: Part): void {
  const name = words(part.names);
  const last = name.at(-1);
  if (last === undefined) return;
  // `t%TYPE` names a column, not a type.
  const types = part.pct_type === true ? [] : desk.names.types(schemaOf(desk, name.at(-2)), last);
  if (desk.names.madeOther(last)) desk.facts.doubt(`the type ${last} was made just now`);
  else if (types.length === 0 && !isSerial(name) && part.pct_type !== true && !desk.names.madeTable(last))
    desk.facts.miss(name.join('.'), 'type', part.location);
  for (const type of types) touchThat(desk, type);
}

/** Values of the type are made: what a function takes, what a row that is written holds. */
export function touchOid(desk: Desk, oid: number): void {
  const type = desk.names.catalogue.typeByOid.get(oid);
  if (type !== undefined) touchThat(desk, type);
}

function touchThat(desk: Desk, type: UserType): void {
  doubtRemade(desk, type);
  desk.facts.add(deedsOf(desk, type));
}

/** What such a cast makes of it now decides which of several is meant at all. */
export function doubtTaken(desk: Desk, takes: readonly number[]): void {
  for (const oid of takes) {
    const type = desk.names.catalogue.typeByOid.get(oid);
    if (type !== undefined) doubtRemade(desk, type);
  }
}

/** What is given to a function or an operator is made a value of the type that it takes, by a cast that nobody writes. */
export function makeTaken(desk: Desk, takes: readonly number[]): void {
  const { typeByOid } = desk.names.catalogue;
  for (const oid of takes) {
    const type = typeByOid.get(oid);
    for (const called of type?.castsTo ?? []) cast(desk, called);
  }
}

/** Values of the type are there already, and may be compared, or cast to another. */
export function holdOid(desk: Desk, oid: number): void {
  const type = desk.names.catalogue.typeByOid.get(oid);
  if (type === undefined || (type.builtin && type.castsFrom.length + type.compares.length === 0)) return;
  doubtRemade(desk, type);
  desk.facts.add(remember(desk, `held ${oid}`, (inner) => hold(inner, type)));
}

function hold(desk: Desk, type: UserType): void {
  for (const oid of type.castsFrom) cast(desk, oid);
  for (const oid of type.compares) callOid(desk, oid);
  if (type.base !== 0) holdOid(desk, type.base);
  if (type.builtin) return;
  for (const column of desk.names.catalogue.byOid.get(type.relation)?.columns ?? []) holdOid(desk, column.type);
}

/** Values of the type are sorted, or put into an index. */
export function compareOid(desk: Desk, oid: number): void {
  const type = desk.names.catalogue.typeByOid.get(oid);
  for (const called of type?.compares ?? []) callOid(desk, called);
  if (type !== undefined && !type.builtin && type.base !== 0) compareOid(desk, type.base);
}

/** What a cast calls may answer with anything; but for an extension's, which only who installs it put there. */
function cast(desk: Desk, oid: number): void {
  callOid(desk, oid);
  const routine = desk.names.catalogue.routineByOid.get(oid);
  if (routine?.extension !== true || routine.language !== 'c') desk.facts.casts.add(oid);
}

/** What its values are cast to or compared by is not what the catalogue says: no statement need name the type. A domain's are its base's. */
function doubtRemade({ names, facts }: Desk, { name, builtin, kind }: UserType): void {
  if (builtin || kind === 'd') return;
  facts.types.add(name);
  if (names.madeOther(name)) facts.doubt(`the type ${name} was changed just now`);
}

/** Words of CREATE TABLE for an integer with a sequence; no types. */
const isSerial = (name: readonly string[]): boolean => name.length === 1 && SERIALS.has(name[0] ?? '');
/** By the oids of int2, int4 and int8. */
const SERIALS: ReadonlyMap<string, number> = new Map([
  ['smallserial', 21],
  ['serial2', 21],
  ['serial', 23],
  ['serial4', 23],
  ['bigserial', 20],
  ['serial8', 20],
]);

/** The type that a new column is given, where one alone can be meant. */
export function typeWritten(desk: Desk, { names, arrayBounds }: Part): Pick<MadeColumn, 'type' | 'of'> {
  const name = words(names);
  const last = name.at(-1) ?? '';
  const found = desk.names.types(schemaOf(desk, name.at(-2)), last);
  const fresh = [...desk.names.made(last), ...(desk.earlier?.get(last) ?? []), ...desk.facts.makes].filter(
    (made) => made.name === last,
  );
  if (found.length === 0 && fresh.length > 0) {
    const isWords = arrayBounds === undefined && fresh.every((made) => made.words === true);
    return { of: last, ...(isWords && { type: WORDS }) };
  }
  const oid = isSerial(name) ? SERIALS.get(last) : found.length === 1 ? found[0]?.oid : undefined;
  if (oid === undefined || fresh.length > 0) return {};
  return { type: arrayBounds === undefined ? oid : arrayType(oid, desk.names.catalogue) };
}

/** A range whose bounds are compared, or told apart, by what anybody wrote: that runs wherever one is put together or searched. */
function isOrdered({ names: { catalogue } }: Desk, { kind, calls }: UserType): boolean {
  if (kind !== 'r' && kind !== 'm') return false;
  const routines = calls.flatMap((oid) => catalogue.routineByOid.get(oid) ?? []);
  return routines.some(({ takes, language }) => takes.length === 2 && language !== 'c');
}

const NONE = new Facts();

function deedsOf(desk: Desk, type: UserType): Facts {
  if (type.builtin && type.calls.length + type.castsFrom.length + type.compares.length === 0) {
    const base = desk.names.catalogue.typeByOid.get(type.base);
    return base === undefined || base.builtin ? NONE : deedsOf(desk, base);
  }
  return remember(desk, `type ${type.oid}`, (inner) => {
    for (const oid of type.calls) cast(inner, oid);
    if (isOrdered(desk, type))
      inner.facts.mark('code').doubt(`the bounds of ${type.schema}.${type.name} are ordered by code`);
    hold(inner, type);
    readExpressions(inner, type.checks);
    if (type.base !== 0) touchOid(inner, type.base);
    const row = inner.names.catalogue.byOid.get(type.relation);
    for (const column of row?.columns ?? []) touchOid(inner, column.type);
  });
}
