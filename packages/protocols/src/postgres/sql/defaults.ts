import { scanSync } from 'libpg-query';

type Tree = Record<string, unknown>;
type Token = ReturnType<typeof scanSync>['tokens'][number];

/** The default of a variable, as the assignment that it stands for. */
interface Default {
  name: string;
  assigns: string;
}

/**
 * The parser of PL/pgSQL leaves out the default of a variable whose type it does not know, such as a table's row: each of these
 * is put before what the body does, as an assignment. `text` is what the tree was made of. Throws where that cannot be told.
 */
export function withDefaults(tree: unknown, text: string): unknown {
  for (const each of (tree as Tree).plpgsql_funcs as readonly Tree[]) {
    const { datums = [], action } = each.PLpgSQL_function as { datums?: readonly Tree[]; action?: Tree };
    if (!datums.some(({ PLpgSQL_rec: record }) => (record as Tree | undefined)?.lineno !== undefined)) continue;
    const body = (action?.PLpgSQL_stmt_block as Tree | undefined)?.body as Tree[] | undefined;
    for (const { name, assigns } of defaultsIn(text)) {
      const places = placesOf(name, datums);
      if (places.length === 0 || body === undefined) throw new Error('a variable that is not known');
      const unread = places.filter(
        (place) => (Object.values(datums[place] ?? {})[0] as Tree).default_val === undefined,
      );
      body.unshift(...unread.map((varno) => assignment(varno, assigns)));
    }
  }
  return tree;
}

/**
 * The parser of PL/pgSQL takes a variable of type `t%ROWTYPE` for no row, and then breaks at its fields: that is the type `t`, and is
 * written so. The text may be quoted in another way than it was.
 */
export function withoutRowTypes(text: string): string {
  if (!/%\s*rowtype/i.test(text)) return text;
  const bytes = Buffer.from(text);
  let written = '';
  let from = 0;
  for (const { start, end, text: literal } of tokensOf(text).filter(isLiteral)) {
    if (!/declare[\s\S]*%\s*rowtype/i.test(literal)) continue;
    written += `${bytes.subarray(from, start)}${quoted(plain(contentOf(literal)))}`;
    from = end;
  }
  return `${written}${bytes.subarray(from)}`;
}

function plain(content: string): string {
  const bytes = Buffer.from(content);
  for (const declaration of declarationsIn(content)) {
    const words = declaration.map(({ text }) => text.toLowerCase());
    const place = words.findIndex((word, at) => word === '%' && words[at + 1] === 'rowtype');
    const [sign, name] = [declaration[place], declaration[place + 1]];
    const isType =
      sign !== undefined && words.slice(1, place).every((word) => /^(?:[\w$".]|[^\x00-\x7f])+$/.test(word));
    if (isType && !words.slice(1, place).includes('cursor') && name !== undefined)
      bytes.fill(' ', sign.start, name.end);
  }
  return bytes.toString();
}

/** Any delimiter that the content has not will do. */
export function quoted(content: string): string {
  let tag = '$hoop$';
  while (content.includes(tag)) tag = `$hoop${tag.length}${tag.slice(5)}`;
  return `${tag}${content}${tag}`;
}

const placesOf = (name: string, datums: readonly Tree[]): number[] =>
  datums.flatMap((datum, place) => ((Object.values(datum)[0] as Tree).refname === name ? [place] : []));

const assignment = (varno: number, query: string): Tree => ({
  PLpgSQL_stmt_assign: { lineno: 1, varno, expr: { PLpgSQL_expr: { query, parseMode: 3 } } },
});

/** Of each literal that may be a body. */
const defaultsIn = (text: string): Default[] =>
  tokensOf(text)
    .filter(isLiteral)
    .map(({ text: literal }) => contentOf(literal))
    .filter((content) => /declare/i.test(content))
    .flatMap((content) => {
      const bytes = Buffer.from(content);
      return declarationsIn(content).flatMap((declaration) => defaultOf(declaration, bytes));
    });
const isLiteral = ({ tokenName, text }: Token): boolean => tokenName === 'SCONST' || /^u&'/i.test(text);

const tokensOf = (text: string): Token[] =>
  scanSync(text).tokens.filter(({ tokenName }) => tokenName !== 'C_COMMENT' && tokenName !== 'SQL_COMMENT');

function contentOf(literal: string): string {
  const [dollars] = /^\$[^$]*\$/.exec(literal) ?? [];
  if (dollars !== undefined) return literal.slice(dollars.length, -dollars.length);
  if (/^u&/i.test(literal) || (!literal.startsWith("'") && literal.includes('\\')))
    throw new Error('a body with escapes');
  return literal.slice(literal.indexOf("'") + 1, -1).replaceAll("''", "'");
}

/** From each DECLARE to its BEGIN; what is taken for a declaration and is none is an assignment, which may be read twice. */
function declarationsIn(content: string): Token[][] {
  const found: Token[][] = [];
  let declares = false;
  let depth = 0;
  let current: Token[] = [];
  for (const token of tokensOf(content)) {
    const word = token.text.toLowerCase();
    if (word === 'declare' && current.length === 0) declares = true;
    else if (word === 'begin' && current.length === 0) declares = false;
    else if (word === ';' && depth === 0) {
      if (declares) found.push(current);
      current = [];
    } else {
      depth += word === '(' || word === '[' ? 1 : word === ')' || word === ']' ? -1 : 0;
      current.push(token);
      if (!declares) current = word === 'begin' || word === 'declare' ? [] : current;
      if (!declares && word === 'declare') declares = true;
    }
  }
  return found;
}

function defaultOf(declaration: readonly Token[], bytes: Buffer): Default[] {
  const [first] = declaration;
  const last = declaration.at(-1);
  let depth = 0;
  for (const [place, { text, end }] of declaration.entries()) {
    const word = text.toLowerCase();
    depth += word === '(' || word === '[' ? 1 : word === ')' || word === ']' ? -1 : 0;
    if (depth > 0 || place === 0) continue;
    if (word === 'cursor' || word === 'alias') return [];
    if (first === undefined || last === undefined || (word !== ':=' && word !== '=' && word !== 'default')) continue;
    const value = bytes.subarray(end, last.end).toString();
    return [{ name: nameOf(first.text), assigns: `${first.text} := ${value}` }];
  }
  return [];
}

function nameOf(written: string): string {
  if (/^u&/i.test(written) || Buffer.byteLength(written) > NAME_MOST) throw new Error('a name that cannot be told');
  if (written.startsWith('"')) return written.slice(1, -1).replaceAll('""', '"');
  return written.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
/** Bytes; the server cuts a longer one (NAMEDATALEN). */
const NAME_MOST = 63;
