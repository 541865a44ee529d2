/** Whether a name matches a pattern in which `*` stands for any characters; capitals and small letters are alike. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = name.toLowerCase();
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/** The same for a column: `ssn` and `customers.ssn` stand for any schema's, as `*` in front would. */
export function matchesColumn(pattern: string, name: string): boolean {
  return matches(pattern, name) || (pattern.split('.').length < 3 && matches(`*.${pattern}`, name));
}

export const matchesAny = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => matches(pattern, name));
