/** The first form of a page: where it goes, and its fields with what they hold. */
export interface Form {
  method: 'GET' | 'POST';
  action: URL;
  fields: Map<string, string>;
}

const attribute = (tag: string, name: string) =>
  new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i')
    .exec(tag)
    ?.slice(1)
    .find((v) => v !== undefined);
const plain = (text: string) =>
  text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

export function formOf(html: string, base: URL): Form | undefined {
  const found = /<form\b[^>]*>([\s\S]*?)<\/form>/i.exec(html);
  if (!found) return undefined;
  const [all, inner = ''] = found;
  const tag = all.slice(0, all.indexOf('>') + 1);
  const fields = new Map<string, string>();
  for (const [input] of inner.matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(input, 'name');
    if (name !== undefined) fields.set(plain(name), plain(attribute(input, 'value') ?? ''));
  }
  const method = (attribute(tag, 'method') ?? 'get').toLowerCase() === 'post' ? 'POST' : 'GET';
  return { method, action: new URL(plain(attribute(tag, 'action') ?? base.href), base), fields };
}
