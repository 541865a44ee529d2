import { changed, emptied, named, objectOf, relOf } from './makes.js';
import { ANY_KIND } from './names.js';
import { as, listOf, type Part, word, words } from './nodes.js';
import { isAbsent, isOwn } from './relations.js';
import { typeWritten } from './types.js';
import type { Desk } from './walk.js';

export const RELATIONS = /^OBJECT_(?:TABLE|VIEW|MATVIEW|INDEX|SEQUENCE|FOREIGN_TABLE)$/;
const TEMPORARY: ReadonlySet<string> = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_SEQUENCE']);
const GUARDS = /^OBJECT_(?:POLICY|RULE|TRIGGER|EVENT_TRIGGER)$/;

/** DROP of whatever. Answers the kind. */
export function drop(desk: Desk, part: Part): string {
  const type = String(part.removeType);
  const cascades = part.behavior === 'DROP_CASCADE';
  let lost = false;
  for (const object of listOf(part.objects)) {
    const name = words(
      as(object, 'List')?.items ?? as(object, 'ObjectWithArgs')?.objname ?? as(object, 'TypeName')?.names,
    );
    if (!cascades && TEMPORARY.has(type) && isOwn(desk, relOf(name), ANY_KIND)) {
      changed(desk, relOf(name));
      desk.facts.makes.push({ what: 'table', name: name.at(-1) ?? '', adds: [], temporary: true });
      continue;
    }
    // A script that makes it next makes way first.
    const called = object !== undefined && name.length === 0 ? [word(object) ?? ''] : name;
    const isGone =
      isAbsent(desk, type, GUARDS.test(type) ? called.slice(-1) : [...called].reverse()) ||
      isOtherRoutine(desk, called, as(object, 'ObjectWithArgs'));
    if (part.missing_ok === true && isGone) continue;
    lost = true;
    desk.facts.mark('destroys');
    if (type === 'OBJECT_SCHEMA') emptied(desk, word(object) ?? '');
    else if (RELATIONS.test(type)) changed(desk, relOf(name), 'other');
    else named(desk, GUARDS.test(type) ? name.slice(0, -1) : name);
  }
  if (lost && GUARDS.test(type)) desk.facts.mark('privileges');
  if (lost && /EXTENSION|FDW|FOREIGN_SERVER|LANGUAGE|ACCESS_METHOD|PUBLICATION/.test(type))
    desk.facts.raise('administer');
  return `drop ${objectOf(type)}`;
}

/** Routines of the name take other arguments, by a catalogue that is loaded for the question. */
function isOtherRoutine(desk: Desk, name: readonly string[], object: Part | undefined): boolean {
  const last = name.at(-1) ?? '';
  if (object === undefined || object.args_unspecified === true || desk.names.madeOther(last)) return false;
  const types = listOf(object.objargs).map((node) => typeWritten(desk, as(node, 'TypeName') ?? {}).type);
  const found = desk.names.routines(name.at(-2), last);
  // CALL's way to name what comes out, too.
  if (types.includes(undefined) || found.some(({ kind, outs }) => kind === 'p' && outs.length > 0)) return false;
  const isOther = found.every(({ takes }) => takes.join() !== types.join());
  if (isOther) desk.facts.own = true;
  return isOther;
}
