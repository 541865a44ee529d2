/** Whether a name is what the pattern says, letter by letter; `*` stands for any run of characters, also for none. */
export function pattern(text: string): (name: string) => boolean {
  const [first = '', ...rest] = text.split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => name === first;
  const least = first.length + last.length;
  return (name) =>
    name.length >= least &&
    name.startsWith(first) &&
    name.endsWith(last) &&
    holds(name, rest, first.length, name.length - last.length);
}

/** Whether the parts stand in `name` in their order, between `at` and `end`. */
function holds(name: string, parts: readonly string[], at: number, end: number): boolean {
  let from = at;
  for (const part of parts) {
    const found = name.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}

export const matches = (text: string, name: string): boolean => pattern(text)(name);

export const matchesAny = (patterns: readonly string[], name: string): boolean =>
  patterns.some((each) => matches(each, name));
