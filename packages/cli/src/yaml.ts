import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';

/** The bundler gives a CommonJS package its names only by a static import; this file is what is imported when needed. */
export { parse } from 'yaml';

/** The line, from 1, of the key that these lead to, or of the last one that there is. */
export function lineOf(text: string, keys: readonly string[]): number {
  const lineCounter = new LineCounter();
  let node: unknown = parseDocument(text, { lineCounter }).contents;
  let offset = 0;
  for (const key of keys) {
    const found = isMap(node)
      ? node.items.find((one) => isScalar(one.key) && String(one.key.value) === key)
      : undefined;
    if (found === undefined) break;
    offset = (isScalar(found.key) ? found.key.range?.[0] : undefined) ?? offset;
    node = found.value;
  }
  return lineCounter.linePos(offset).line;
}
