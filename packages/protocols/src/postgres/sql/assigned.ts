import type { Node } from 'libpg-query';
import { answersOf, queried } from './answers.js';
import { queryOf } from './called.js';
import { constantText } from './dynamic.js';
import { withGiven } from './given.js';
import type { Assigned } from './holds.js';
import { as, listOf, open, type Part, words } from './nodes.js';
import { commands } from './texts.js';
import { oneOf, oneOfMany, untold } from './unnamed.js';
import { BORN } from './variables.js';
import type { Desk } from './walk.js';

/** Parts of what PL/pgSQL's parser makes of a body. */
interface Function {
  datums?: readonly Part[];
  aliases?: readonly Part[];
}

export const textOf = (holder: unknown): string | undefined => {
  const query = ((holder as Part | undefined)?.PLpgSQL_expr as Part | undefined)?.query;
  return query === undefined ? undefined : String(query);
};

/** `target := value` is no SQL, so the first sign of an assignment outside of brackets divides it. */
export function assignmentIn(text: string): { target: string; value: string } | undefined {
  const match = /^((?:[^[\]:=]|\[[^[\]]*\])*?)(:=|=)/s.exec(text);
  return match === null ? undefined : { target: match[1] as string, value: text.slice(match[0].length) };
}

/** What a body puts into its variables; `tree`: what PL/pgSQL's parser made of `source`. */
export function assignedIn(desk: Desk, tree: unknown, whose: string, source: string): Assigned {
  const { plpgsql_funcs: made } = (tree ?? {}) as { plpgsql_funcs?: readonly Part[] };
  const gathering = new Gathering(desk, (made?.[0]?.PLpgSQL_function ?? {}) as Function, whose, source);
  gathering.gather(made, false);
  return gathering.finished();
}

class Gathering {
  readonly #desk: Desk;
  readonly #whose: string;
  readonly #datums: readonly Part[];
  readonly #values = new Map<string, Node[]>();
  readonly #defaulted = new Set<string>();
  readonly #looping = new Set<string>();
  readonly #aliases = new Map<string, string>();
  readonly #labels: Set<string>;
  readonly #beforeColumns: boolean;
  readonly #opened = new Map<number, Node>();

  constructor(desk: Desk, { datums = [], aliases = [] }: Function, whose: string, source: string) {
    this.#desk = desk;
    this.#whose = whose;
    this.#datums = datums;
    this.#labels = new Set([whose.slice(whose.indexOf('.') + 1)]);
    this.#beforeColumns = /#\s*variable_conflict\s+use_variable/i.test(source);
    this.#declare();
    for (const { PLpgSQL_alias: alias } of aliases) {
      const { name, varno } = alias as Part;
      this.#aliases.set(String(name), this.#keyOf(varno));
    }
  }

  finished(): Assigned {
    for (const datum of this.#datums) {
      const [type, { refname, lineno }] = open(datum as unknown as Node);
      const name = String(refname);
      if (type === 'PLpgSQL_row' || type === 'PLpgSQL_recfield' || this.#values.has(name)) continue;
      if (lineno !== undefined) this.#values.set(name, [NULL]);
    }
    return {
      values: this.#values,
      defaulted: this.#defaulted,
      looping: this.#looping,
      aliases: this.#aliases,
      labels: this.#labels,
      beforeColumns: this.#beforeColumns,
    };
  }

  /** Parameters come first, then what every body has; of these the server says what they hold. */
  #declare(): void {
    const parameters: string[] = [];
    let isParameter = true;
    for (const datum of this.#datums) {
      const [, { refname, lineno, default_val }] = open(datum as unknown as Node);
      const name = String(refname ?? '');
      isParameter &&= !BORN.test(name) && lineno === undefined;
      const value = textOf(default_val);
      if (isParameter) parameters.push(name);
      else if (BORN.test(name)) this.#put(name, [untold], false);
      else if (value !== undefined) {
        this.#defaulted.add(name);
        this.#put(name, [this.#expression(value)], false);
      }
    }
    for (const [at, name] of parameters.entries()) if (name !== `$${at + 1}`) this.#aliases.set(`$${at + 1}`, name);
  }

  gather(value: unknown, inLoop: boolean): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (typeof child !== 'object' || child === null || key === 'datums') continue;
      const { label } = child as Part;
      if (typeof label === 'string') this.#labels.add(label);
      GIVES[key]?.(this, child as Part, inLoop || LOOPS.test(key));
      this.gather(child, inLoop || LOOPS.test(key));
    }
  }

  assign({ varno, expr }: Part, inLoop: boolean): void {
    const { target = '', value = '' } = assignmentIn(textOf(expr) ?? '') ?? {};
    const key = this.#keyOf(varno);
    const item = this.#expression(value);
    const given = target.includes('[') ? oneOf([item]) : item;
    this.#put(key, [inLoop && isGathering(given) ? withoutSelf(given, key) : given], inLoop);
  }

  /** What a command answers: one row of it, or each. */
  answer(target: unknown, query: Node | undefined, many: boolean, inLoop: boolean): void {
    const [type, { refname, fields, datatype }] = open(target as Node | undefined);
    const whole = as(query, 'SelectStmt');
    if (type === 'PLpgSQL_rec' && isOne(datatype, whole)) this.#put(String(refname), answersOf(query, 0, many), inLoop);
    else if (type === 'PLpgSQL_rec')
      this.#put(String(refname), [whole === undefined ? untold : queried(whole, many)], inLoop);
    for (const [place, { varno }] of (listOf(fields) as unknown as Part[]).entries())
      this.#put(this.#keyOf(varno), answersOf(query, place, many), inLoop);
  }

  /** `holder`: of a command that returns rows. */
  query = (holder: unknown): Node | undefined => {
    const text = textOf(holder);
    return text === undefined ? undefined : queryOf(this.#commandOf(text));
  };

  dynamic(part: Part, field: string): Node | undefined {
    const text = constantText(textOf(part[field]) ?? '');
    const given = (part.params as readonly unknown[] | undefined)?.map((one) => this.#expression(textOf(one) ?? ''));
    return text === undefined ? undefined : withGiven(queryOf(this.#commandOf(text)), given ?? []);
  }

  /** Rows of a cursor that the body declares, or opens as that; what it gives for the cursor's parameters goes into these. */
  cursor({ curvar, argquery }: Part): Node | undefined {
    const { cursor_explicit_expr: declared, cursor_explicit_argrow: row } = this.#datum(curvar);
    const given = this.#commandOf(`SELECT ${textOf(argquery) ?? ''}`);
    for (const [place, { varno }] of (listOf(this.#datum(row).fields) as unknown as Part[]).entries())
      if (row !== undefined && argquery !== undefined)
        this.#put(this.#keyOf(varno), answersOf(given, place, false), false);
    return this.query(declared) ?? this.#opened.get(Number(curvar ?? 0));
  }

  open(part: Part): void {
    const query = this.query(part.query) ?? this.dynamic(part, 'dynquery') ?? this.cursor(part);
    const had = this.#opened.get(Number(part.curvar ?? 0));
    const [larg, rarg] = [had, query].map((one) => as(one, 'SelectStmt'));
    const both = had === undefined ? query : ({ SelectStmt: { op: 'SETOP_UNION', larg, rarg } } as unknown as Node);
    if (both !== undefined) this.#opened.set(Number(part.curvar ?? 0), both);
  }

  fetch(part: Part, inLoop: boolean): void {
    const query = this.cursor(part);
    if (query === undefined && inLoop) this.number({ var: part.target });
    else this.answer(part.target, query, inLoop, inLoop);
  }

  each({ varno, expr }: Part): void {
    const list = this.#expression(textOf(expr) ?? '');
    this.#put(this.#keyOf(varno), [{ A_Indirection: { arg: list, indirection: [{ A_Indices: {} }] } } as Node], true);
  }

  number({ var: variable }: Part): void {
    const [type, { refname, fields }] = open(variable as Node);
    const keys =
      type === 'PLpgSQL_row'
        ? (listOf(fields) as unknown as Part[]).map(({ varno }) => this.#keyOf(varno))
        : [String(refname)];
    for (const key of keys) this.#put(key, [oneOfMany], true);
  }

  /** What is given for an output is overwritten. */
  call({ expr }: Part, inLoop: boolean): void {
    const { funccall } = as(this.#commandOf(textOf(expr) ?? ''), 'CallStmt') ?? {};
    for (const arg of listOf((funccall as Part | undefined)?.args)) {
      const name = words(as(as(arg, 'NamedArgExpr')?.arg ?? arg, 'ColumnRef')?.fields).join('.');
      if (name !== '') this.#put(name, [inLoop ? oneOfMany : untold], inLoop);
    }
  }

  told({ diag_items }: Part, inLoop: boolean): void {
    for (const { PLpgSQL_diag_item: item } of (diag_items ?? []) as readonly Part[])
      this.#put(this.#keyOf((item as Part).target), [inLoop ? oneOfMany : untold], inLoop);
  }

  #put(key: string, values: readonly Node[], inLoop: boolean): void {
    if (inLoop) this.#looping.add(key);
    this.#values.set(key, [...(this.#values.get(key) ?? []), ...values]);
  }

  #datum = (place: unknown): Part => open(this.#datums[Number(place ?? 0)] as unknown as Node)[1];

  #keyOf(place: unknown): string {
    const { refname, fieldname, recparentno } = this.#datum(place);
    return fieldname === undefined ? String(refname) : `${this.#keyOf(recparentno)}.${fieldname}`;
  }

  #expression(text: string): Node {
    const [, select] = open(this.#commandOf(`SELECT ${text}`));
    const [only, ...others] = listOf(select.targetList);
    const value = as(only, 'ResTarget')?.val as Node | undefined;
    if (value === undefined || others.length > 0) return untold;
    return select.fromClause === undefined ? value : queried(select, false);
  }

  #commandOf = (text: string): Node | undefined => commands(this.#desk, text, this.#whose)[0]?.node;
}

/** It puts more to what it has, in a list or a text. */
const isGathering = (value: Node): boolean =>
  words(as(value, 'A_Expr')?.name).join() === '||' ||
  /^(?:array_(?:append|prepend|cat)|concat)$/.test(words(as(value, 'FuncCall')?.funcname).at(-1) ?? '');

function withoutSelf<T>(node: T, key: string): T {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((one) => withoutSelf(one, key)) as T;
  if (words(as(node, 'ColumnRef')?.fields).join('.') === key) return untold as T;
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, withoutSelf(child, key)])) as T;
}

/** Of a type that the parser does not know: what a query of one column answers is a value of that as likely as a row. */
function isOne(datatype: unknown, select: Part | undefined): boolean {
  const { typname = 'record' } = ((datatype as Part | undefined)?.PLpgSQL_type ?? {}) as Part;
  const [only, ...others] = listOf(select?.targetList);
  const last = listOf(as(as(only, 'ResTarget')?.val, 'ColumnRef')?.fields).at(-1);
  return typname !== 'record' && only !== undefined && others.length === 0 && as(last, 'A_Star') === undefined;
}

const LOOPS = /^PLpgSQL_stmt_(?:fors|fori|forc|dynfors|foreach_a|loop|while)$/;
const NULL = { A_Const: { isnull: true } } as unknown as Node;

const GIVES: Readonly<Record<string, (gathering: Gathering, part: Part, inLoop: boolean) => void>> = {
  PLpgSQL_stmt_assign: (gathering, part, inLoop) => gathering.assign(part, inLoop),
  PLpgSQL_stmt_execsql: (gathering, part, inLoop) =>
    gathering.answer(part.target, gathering.query(part.sqlstmt), false, inLoop),
  PLpgSQL_stmt_dynexecute: (gathering, part, inLoop) =>
    gathering.answer(part.target, gathering.dynamic(part, 'query'), false, inLoop),
  PLpgSQL_stmt_call: (gathering, part, inLoop) => gathering.call(part, inLoop),
  PLpgSQL_stmt_fors: (gathering, part) => gathering.answer(part.var, gathering.query(part.query), true, true),
  PLpgSQL_stmt_dynfors: (gathering, part) => gathering.answer(part.var, gathering.dynamic(part, 'query'), true, true),
  PLpgSQL_stmt_forc: (gathering, part) => gathering.answer(part.var, gathering.cursor(part), true, true),
  PLpgSQL_stmt_open: (gathering, part) => gathering.open(part),
  PLpgSQL_stmt_fetch: (gathering, part, inLoop) => gathering.fetch(part, inLoop),
  PLpgSQL_stmt_fori: (gathering, part) => gathering.number(part),
  PLpgSQL_stmt_foreach_a: (gathering, part) => gathering.each(part),
  PLpgSQL_stmt_getdiag: (gathering, part, inLoop) => gathering.told(part, inLoop),
};
