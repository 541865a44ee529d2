import { constantText, DYNAMIC } from '../dynamic.js';

/** A text of SQL in a body. */
export interface Text {
  sql: string;
  /** Variables that its answer is put into. */
  into: readonly string[];
  /** What is given for its parameters, as expressions. */
  using: readonly string[];
  /** What the body does next hangs on it. */
  decides: boolean;
}

/** What the body of a function or block in PL/pgSQL is made of. */
export interface Parts {
  /** Variables. */
  names: string[];
  /** EXECUTE of a constant is a text like any. */
  texts: Text[];
  /** Variables that something is put into that is no text's answer: what a cursor or an error has. */
  others: string[];
  /** It runs SQL that it puts together itself. */
  dynamic: boolean;
  catches: boolean;
  repeats: boolean;
  /** It reads a cursor that it may not have opened: any that the session has. */
  strays: boolean;
}

type Tree = Readonly<Record<string, unknown>>;

/** `tree`: what PL/pgSQL's parser made of it. */
export function partsOf(tree: unknown): Parts {
  const found = new Gathering(datumsIn(tree));
  found.gather(tree, { into: [], using: [], decides: false });
  const own = found.read.length === 0 ? undefined : cursorsOf(tree);
  return { ...found.parts, strays: found.read.some((place) => own?.has(place) !== true) };
}

type Around = Omit<Text, 'sql'>;

class Gathering {
  readonly parts: Parts = {
    names: [],
    texts: [],
    others: ['sqlerrm', 'sqlstate'],
    dynamic: false,
    catches: false,
    repeats: false,
    strays: false,
  };
  /** Places of the cursors that are read. */
  readonly read: number[] = [];
  readonly #datums: readonly Tree[];

  constructor(datums: readonly Tree[]) {
    this.#datums = datums;
  }

  gather(value: unknown, around: Around): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value as Tree)) {
      if (key === 'PLpgSQL_expr') this.#take(child as Tree, around);
      else if (STEPS.test(key)) this.#step(key, child as Tree);
      else {
        if (key === 'refname') this.parts.names.push(String(child));
        if (key === 'PLpgSQL_exception_block') this.parts.catches = true;
        this.gather(child, NOTHING);
      }
    }
  }

  /** A declaration, a statement or one of its branches. */
  #step(type: string, part: Tree): void {
    const into = [part.target, part.var, part.varno].flatMap((one) => this.#namesIn(one));
    if (typeof part.refname === 'string') {
      this.parts.names.push(part.refname);
      into.push(part.refname);
    }
    if (type === 'PLpgSQL_stmt_fetch') {
      this.read.push(Number(part.curvar));
      this.parts.others.push(...into);
    }
    if (part.is_stacked === true) this.parts.others.push(...this.#namesIn(part.diag_items));
    if (LOOPS.test(type)) this.parts.repeats = true;
    const field = DYNAMIC[type];
    const using = Array.isArray(part.params) ? part.params.map(queryOf) : [];
    const around: Around = { into, using, decides: false };
    for (const [key, child] of Object.entries(part)) {
      if (key === field) this.#dynamic(queryOf(child), around);
      else if (/^(?:target|var)$/.test(key)) this.gather(child, NOTHING);
      else this.gather(child, { into, using: [], decides: DECIDES.test(key) || (key === 'expr' && WHEN.test(type)) });
    }
  }

  #take({ query = '', parseMode = 0 }: Tree, around: Around): void {
    const [text, mode] = [String(query), Number(parseMode)];
    // `target := value`: the target may hold subscripts with calls in them.
    const sql = mode < 3 ? text : text.replace(/^((?:[^[\]:=]|\[[^[\]]*\])*?)(:=|=)/s, '');
    this.parts.texts.push({ ...around, sql: mode === 0 ? text : `SELECT ${sql}` });
  }

  #dynamic(expression: string, around: Around): void {
    if (expression === '') return;
    const sql = constantText(expression);
    if (sql === undefined) this.parts.dynamic = true;
    this.parts.texts.push({ ...around, sql: sql ?? `SELECT ${expression}` });
  }

  #named(place: unknown): string[] {
    const datum = this.#datums[typeof place === 'number' ? place : -1] ?? {};
    const { refname, recparentno } = (Object.values(datum)[0] as Tree) ?? {};
    return refname === undefined ? (recparentno === undefined ? [] : this.#named(recparentno)) : [String(refname)];
  }

  /** The variables that a target is made of. */
  #namesIn(target: unknown): string[] {
    if (typeof target === 'number') return this.#named(target);
    if (typeof target !== 'object' || target === null) return [];
    return Object.entries(target).flatMap(([key, child]) =>
      key === 'varno' || key === 'target'
        ? this.#named(child)
        : key === 'refname'
          ? [String(child)]
          : this.#namesIn(child),
    );
  }
}

const NOTHING: Around = { into: [], using: [], decides: false };
const STEPS = /^PLpgSQL_(?:stmt_|var$|rec$|if_elsif|case_when)/;
const DECIDES = /^(?:cond|t_expr)$/;
const WHEN = /^PLpgSQL_case_when/;
const LOOPS = /^PLpgSQL_stmt_(?:loop|while|dynfor|for)/;

const queryOf = (holder: unknown): string =>
  String(((holder as Tree | undefined)?.PLpgSQL_expr as Tree | undefined)?.query ?? '');

/**
 * Places of cursor variables that name nothing but what the body opens: declared in it without a value, and never given one.
 * https://www.postgresql.org/docs/current/plpgsql-cursors.html
 */
function cursorsOf(tree: unknown): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [place, datum] of datumsIn(tree).entries()) {
    const { lineno, default_val } = (datum.PLpgSQL_var ?? {}) as Tree;
    if (lineno !== undefined && default_val === undefined) found.add(place);
  }
  for (const { action } of functionsIn(tree)) for (const place of givenIn(action)) found.delete(place);
  return found;
}

const functionsIn = (tree: unknown): readonly Tree[] =>
  ((tree as Tree).plpgsql_funcs as readonly Tree[]).map((one) => one.PLpgSQL_function as Tree);
const datumsIn = (tree: unknown): readonly Tree[] =>
  functionsIn(tree).flatMap(({ datums }) => (datums ?? []) as readonly Tree[]);

/** Places of variables that something is put into. */
function givenIn(value: unknown, found: number[] = []): readonly number[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, child] of Object.entries(value)) {
    if ((key === 'varno' || key === 'target') && typeof child === 'number') found.push(child);
    givenIn(child, found);
  }
  return found;
}
