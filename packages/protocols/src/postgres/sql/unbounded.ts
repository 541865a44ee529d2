import type { Node } from 'libpg-query';
import type { Column, Relation } from './catalogue.js';
import type { Names } from './names.js';
import { as, constant, eachChild, listOf, open, type Part, words } from './nodes.js';

/**
 * Whether an UPDATE or DELETE may change every row: it does unless its own WHERE has a condition that is known to leave rows
 * out. What holds for every row cannot be listed (`id = id`, `length(name) >= 0`, `id in (select id from t)` …), so what does
 * not is: a column of the table, compared with something that does not come from the same table.
 */
export function isUnbounded(names: Names, part: Part): boolean {
  const from = [...listOf(part.usingClause), ...listOf(part.fromClause)];
  return !bounds(new Target(names, part, from), part.whereClause as Node | undefined, false);
}

/** A MERGE is, where rows that match (or that no row of the source matches) are changed without a condition that leaves any out. */
export function mergesUnbounded(names: Names, part: Part): boolean {
  const target = new Target(names, part, listOf(part.sourceRelation === undefined ? [] : [part.sourceRelation]));
  const joined = bounds(target, part.joinCondition as Node | undefined, false);
  return listOf(part.mergeWhenClauses).some((node) => {
    const { matchKind, commandType, condition } = as(node, 'MergeWhenClause') ?? {};
    if (commandType !== 'CMD_UPDATE' && commandType !== 'CMD_DELETE') return false;
    const held = joined && matchKind === 'MERGE_WHEN_MATCHED';
    return !held && !bounds(target, condition as Node | undefined, false);
  });
}

/** The table that is changed, and what else its rows are joined with. */
class Target {
  readonly relations: readonly Relation[];
  readonly alias: string;
  /** The statement's other row sources, by alias: whether all rows of the table may come out of them again. */
  readonly others = new Map<string, boolean>();
  readonly #names: Names;
  readonly #tables = new Map<string, Part>();

  constructor(names: Names, part: Part, from: readonly Node[]) {
    const rel = (part.relation ?? {}) as Part;
    this.#names = names;
    this.relations = this.resolve(rel);
    this.alias = aliasOf(rel) ?? String(rel.relname);
    for (const node of listOf((part.withClause as Part | undefined)?.ctes)) {
      const table = as(node, 'CommonTableExpr');
      if (table !== undefined) this.#tables.set(String(table.ctename), table);
    }
    for (const node of from) this.#join(node);
  }

  resolve(rel: Part): readonly Relation[] {
    return this.#names.relations(rel.schemaname as string | undefined, String(rel.relname));
  }

  #join(node: Node): void {
    const [type, part] = open(node);
    if (type === 'JoinExpr') {
      this.#join(part.larg as Node);
      this.#join(part.rarg as Node);
    } else this.others.set(aliasOf(part) ?? String(part.relname ?? ''), this.#repeats(type, part));
  }

  #repeats(type: string, part: Part): boolean {
    if (type === 'RangeVar') {
      const table = part.schemaname === undefined ? this.#tables.get(String(part.relname)) : undefined;
      return table === undefined ? this.isSame(part) : this.readsAll(table.ctequery as Node);
    }
    return type === 'RangeSubselect' ? this.readsAll(part.subquery as Node) : false;
  }

  /** The same table, a view over it, or its parent: their rows may be its rows. */
  isSame(rel: Part): boolean {
    const found = this.resolve(rel);
    return found.some((one) =>
      this.relations.some((own) => own === one || one.kind === 'v' || own.parents.includes(one.oid)),
    );
  }

  /** A query whose FROM has the same table and whose WHERE and LIMIT leave none of its rows out. */
  readsAll(node: Node | undefined): boolean {
    const select = as(node, 'SelectStmt');
    if (select === undefined) return true;
    if (select.larg !== undefined) {
      const sides = [select.larg, select.rarg].map((side) => this.readsAll({ SelectStmt: side } as Node));
      return select.op === 'SETOP_UNION' ? sides.includes(true) : (sides[0] as boolean);
    }
    if (select.limitCount !== undefined && constant(select.limitCount) !== null) return false;
    return listOf(select.fromClause).some((item) => this.#fromSame(item, select));
  }

  #fromSame(node: Node, select: Part): boolean {
    const [type, part] = open(node);
    if (type === 'JoinExpr')
      return this.#fromSame(part.larg as Node, select) || this.#fromSame(part.rarg as Node, select);
    if (!this.#repeats(type, part)) return false;
    if (type !== 'RangeVar') return true;
    const inner = new Target(this.#names, { relation: part }, []);
    inner.others.set(this.alias, true);
    return !bounds(inner, select.whereClause as Node | undefined, false);
  }

  column(node: Node | undefined): string | undefined {
    const ref = as(node, 'ColumnRef');
    if (ref === undefined) return undefined;
    const fields = words(ref.fields);
    const name = fields.at(-1);
    if (name === undefined || (fields.length > 1 && fields.at(-2) !== this.alias)) return undefined;
    if (fields.length > 1 || this.relations.length === 0) return name;
    return SYSTEM.has(name) || this.relations.some(({ columns }) => columns.some((one) => one.name === name))
      ? name
      : undefined;
  }

  isKey = (column: string): boolean => this.relations.some(({ key }) => key.length === 1 && key[0] === column);

  /** Null in some row, as far as the catalogue forbids it not. */
  mayBeNull(column: string): boolean {
    const is = ({ columns }: Relation): Column | undefined => columns.find(({ name }) => name === column);
    return !SYSTEM.has(column) && this.relations.every((relation) => is(relation)?.notNull !== true);
  }
}

const SYSTEM = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);
const aliasOf = (part: Part): string | undefined => (part.alias as Part | undefined)?.aliasname as string | undefined;

/** True where the condition is known to leave rows out; `not`: where its opposite is. */
function bounds(target: Target, node: Node | undefined, not: boolean): boolean {
  const [type, part] = open(node);
  const value = constant(node);
  if (value !== undefined) return value === null || isTrue(value) === not;
  if (type === 'BoolExpr') return boolean(target, part, not);
  if (type === 'A_Expr') return compares(target, part, not);
  if (type === 'NullTest') return nullTest(target, part, not);
  if (type === 'BooleanTest') return booleanTest(target, part, not);
  if (type === 'SubLink') return subquery(target, part, not);
  if (type === 'ColumnRef') return target.column(node) !== undefined;
  if (type === 'FuncCall')
    return PREDICATES.has(words(part.funcname).at(-1) ?? '') && listOf(part.args).some((arg) => varies(target, arg));
  return type === 'CurrentOfExpr';
}
const isTrue = (value: string): boolean => /^\s*(?:t|tr|tru|true|y|ye|yes|on|1)\s*$/i.test(value);
const PREDICATES = new Set([
  'starts_with',
  'regexp_like',
  'jsonb_exists',
  'jsonb_path_exists',
  'jsonb_contains',
  'like_escape',
]);

function boolean(target: Target, { boolop, args }: Part, not: boolean): boolean {
  const parts = listOf(args);
  if (boolop === 'NOT_EXPR') return bounds(target, parts[0], !not);
  const every = (boolop === 'OR_EXPR') !== not;
  if (every) return parts.every((one) => bounds(target, one, not)) && !complements(parts);
  return parts.some((one) => bounds(target, one, not)) || tellsTwins(target, parts);
}

/** `x is null or x is not null`, `a = 1 or a <> 1`: each leaves rows out, both together none. */
function complements(parts: readonly Node[]): boolean {
  const sides = parts.map(sideOf);
  return sides.some((one, at) => sides.slice(at + 1).some((other) => complement(one, other)));
}

interface Side {
  /** What is asked about, and how; of a range also its column and its end. */
  on: string;
  how: string;
  column?: string;
  end?: string | null | undefined;
}
function sideOf(node: Node): Side {
  const [type, part] = open(node);
  if (type === 'NullTest') return { on: shape(part.arg), how: String(part.nulltesttype) };
  if (type === 'BooleanTest') return { on: shape(part.arg), how: String(part.booltesttype) };
  if (type === 'BoolExpr' && part.boolop === 'NOT_EXPR') return { on: shape(listOf(part.args)[0]), how: 'not' };
  if (type !== 'A_Expr') return { on: shape(node), how: 'is' };
  const [column, end] = [shape(part.lexpr), constant(part.rexpr)];
  return { on: shape([part.lexpr, part.rexpr]), how: words(part.name)[0] ?? '', column, end };
}

function complement(one: Side, other: Side): boolean {
  if (one.on === other.on) return one.how !== other.how;
  if (one.column === undefined || one.column !== other.column) return false;
  const [low, high] = one.how.startsWith('<') ? [one, other] : [other, one];
  // `a < 5 or a > 3`; ends that cannot be compared may meet.
  if (low.how.startsWith('<') && high.how.startsWith('>')) return !(Number(low.end) < Number(high.end));
  return (
    [one, other].every(({ how }) => how === '=') &&
    [one.end, other.end].every((end) => /^(?:true|false)$/.test(end ?? ''))
  );
}
/** The same for two nodes that read alike. */
const shape = (node: unknown): string =>
  JSON.stringify(node, (key, value) => (key === 'location' ? undefined : value)) ?? '';

/** `a.email = b.email and a.id <> b.id` of one table: each holds for every row, both together only for doubles. */
function tellsTwins(target: Target, parts: readonly Node[]): boolean {
  const hows = parts.flatMap((node) => {
    const part = as(node, 'A_Expr');
    return part !== undefined && twin(target, part) ? words(part.name) : [];
  });
  return hows.includes('=') && hows.includes('<>');
}
function twin(target: Target, part: Part): boolean {
  const sides = [part.lexpr, part.rexpr] as Node[];
  return sides.some((side) => target.column(side) !== undefined) && sides.some((side) => repeats(target, side));
}
function repeats(target: Target, node: Node): boolean {
  const fields = words(as(node, 'ColumnRef')?.fields);
  return fields.length > 1 && target.others.get(fields.at(-2) as string) === true;
}

function compares(target: Target, part: Part, not: boolean): boolean {
  const [left, right] = [part.lexpr as Node, part.rexpr as Node];
  const name = words(part.name).at(-1) ?? '';
  const folded = fold(part);
  if (folded !== undefined) return folded === not;
  const how = not ? (OPPOSITE[name] ?? name) : name;
  const items = listOf(as(part.rexpr, 'List')?.items).map(constant);
  if (items.includes('true') && items.includes('false')) return false;
  if (String(part.kind).includes('BETWEEN')) return between(target, part, not);
  if (String(part.kind).includes('LIKE') || /~/.test(name)) return likes(target, part, not);
  if (part.kind === 'AEXPR_DISTINCT' || part.kind === 'AEXPR_NOT_DISTINCT') return distinct(target, part, not);
  return pair(target, left, right, how) || pair(target, right, left, MIRROR[how] ?? how);
}
const OPPOSITE: Readonly<Record<string, string>> = {
  '=': '<>',
  '<>': '=',
  '!=': '=',
  '<': '>=',
  '>': '<=',
  '<=': '>',
  '>=': '<',
};
const MIRROR: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' };

/** A column on one side, and on the other what is not of the same rows. */
function pair(target: Target, side: Node, other: Node, how: string): boolean {
  if (!varies(target, side) || !isForeign(target, other, how)) return false;
  const column = target.column(side);
  const value = constant(other);
  if (value === undefined) return true;
  if (value === null || isExtreme(value, how)) return false;
  if (column === 'ctid') return how === '=';
  // A key is never below zero in practice, and a length is never; a document without content is in every other.
  if (column === undefined ? isMeasure(side) : target.isKey(column)) return !isLimit(value, how);
  return !(how === '@>' && /^\s*(?:\{\s*\}|\[\s*\])\s*$/.test(value));
}

/** `> 0`, `<> -1`, `< 2147483647`: what leaves out no key. */
function isLimit(value: string, how: string): boolean {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (how === '>=') return number <= 1;
  if (how === '>' || how === '<>' || how === '!=') return number <= 0 || number >= LARGE;
  return (how === '<' || how === '<=') && number >= LARGE;
}
const LARGE = 1_000_000_000;

/** The end of a range that nothing lies beyond: infinity, the empty string, and years that are not meant. */
function isExtreme(value: string, how: string): boolean {
  if (/^-?infinity$/i.test(value)) return /^[<>]/.test(how);
  const year = Number(/^\s*(\d{4,})-\d/.exec(value)?.[1]);
  if (how === '>' || how === '>=') return (how === '>=' && value === '') || value === 'epoch' || year <= 1970;
  return (how === '<' || how === '<=') && year >= 2100;
}
const isMeasure = (node: Node): boolean =>
  /length|count|abs|cardinality|size/.test(words(as(node, 'FuncCall')?.funcname).at(-1) ?? '');

/** Does it depend on a column of the target in a way that differs from row to row? */
function varies(target: Target, node: Node | undefined): boolean {
  const [type, part] = open(node);
  const column = target.column(node);
  if (column !== undefined) return !SYSTEM.has(column) || column === 'ctid';
  if (type === 'TypeCast' || type === 'CollateClause') return varies(target, part.arg as Node);
  if (type === 'A_Indirection') return varies(target, part.arg as Node);
  if (type === 'RowExpr') return listOf(part.args).some((arg) => varies(target, arg));
  if (type === 'CoalesceExpr') return varies(target, listOf(part.args)[0]);
  if (type === 'FuncCall')
    return VARYING.has(words(part.funcname).at(-1) ?? '') && listOf(part.args).some((arg) => varies(target, arg));
  if (type !== 'A_Expr') return false;
  const [left, right] = [part.lexpr as Node, part.rexpr as Node];
  const one = varies(target, left) !== varies(target, right);
  const plain = constant(varies(target, left) ? right : left);
  return one && plain !== undefined && !(words(part.name)[0] === '*' && Number(plain) === 0);
}
const VARYING = new Set(
  `lower upper trim btrim ltrim rtrim substr substring left right split_part replace regexp_replace date_trunc date_part
  extract to_char to_date age md5 length char_length octet_length abs round floor ceil trunc date mod hashtext initcap
  jsonb_extract_path_text json_extract_path_text cardinality array_length timezone position strpos encode`.split(/\s+/),
);

/** Nothing of the target's own rows is in it. */
function isForeign(target: Target, node: Node | undefined, how: string): boolean {
  if (target.column(node) !== undefined) return false;
  const [type, part] = open(node);
  if (type === 'ColumnRef' && target.others.get(words(part.fields).at(-2) ?? '') === true)
    return how === '<' || how === '>';
  // One value leaves all other rows out.
  if (type === 'SubLink' && part.subLinkType === 'EXPR_SUBLINK' && how === '=') return !mentions(target, part);
  if (type === 'SubLink' || type === 'SelectStmt')
    return !target.readsAll((type === 'SubLink' ? part.subselect : node) as Node) && !mentions(target, part);
  let foreign = true;
  eachChild(part, (kind, child) => {
    foreign &&= isForeign(target, { [kind]: child } as unknown as Node, how);
  });
  return foreign;
}

/** Columns of the target inside of a subquery, by its alias. */
function mentions(target: Target, part: Part): boolean {
  let found = false;
  eachChild(part, (type, child) => {
    found ||= type === 'ColumnRef' ? words(child.fields).at(-2) === target.alias : mentions(target, child);
  });
  return found;
}

function between(target: Target, part: Part, not: boolean): boolean {
  const [low, high] = listOf(as(part.rexpr, 'List')?.items);
  const outside = String(part.kind).includes('NOT') !== not;
  const [from, to] = [constant(low), constant(high)];
  const numbers = typeof from === 'string' && typeof to === 'string' ? [Number(from), Number(to)] : [];
  const [least = Number.NaN, most = Number.NaN] = numbers;
  if (outside && least > most) return false;
  const column = target.column(part.lexpr as Node);
  if (!outside && column !== undefined && target.isKey(column) && least <= 1 && most >= 2 ** 31 - 1) return false;
  if (!outside && [from, to].every((one) => typeof one === 'string' && /infinity/i.test(one))) return false;
  return varies(target, part.lexpr as Node) && isForeign(target, low, '=') && isForeign(target, high, '=');
}

function likes(target: Target, part: Part, not: boolean): boolean {
  const pattern = constant(part.rexpr);
  const negated = /^!/.test(words(part.name).at(-1) ?? '') !== not;
  const all =
    typeof pattern === 'string' &&
    (String(part.kind).includes('LIKE') ? /^%*$/ : /^\^?(?:\.[*]|\(?\.[*]\)?)?\$?$/).test(pattern);
  if (all) return negated;
  return varies(target, part.lexpr as Node) && isForeign(target, part.rexpr as Node, '=');
}

function distinct(target: Target, part: Part, not: boolean): boolean {
  const differs = (part.kind === 'AEXPR_DISTINCT') !== not;
  const [left, right] = [part.lexpr as Node, part.rexpr as Node];
  const column = target.column(left) ?? target.column(right);
  const isNull = constant(left) === null || constant(right) === null;
  if (isNull) return !differs || (column !== undefined && target.mayBeNull(column));
  return pair(target, left, right, differs ? '<>' : '=') || pair(target, right, left, differs ? '<>' : '=');
}

function nullTest(target: Target, { arg, nulltesttype }: Part, not: boolean): boolean {
  const column = target.column(arg as Node);
  const isNull = (nulltesttype === 'IS_NULL') !== not;
  if (isNull) return column !== undefined || varies(target, arg as Node);
  return column !== undefined && target.mayBeNull(column);
}

function booleanTest(target: Target, { arg, booltesttype }: Part, not: boolean): boolean {
  if (booltesttype === 'IS_TRUE') return bounds(target, arg as Node, not);
  if (booltesttype === 'IS_FALSE') return bounds(target, arg as Node, !not);
  const column = target.column(arg as Node);
  if (booltesttype === 'IS_NOT_TRUE' || booltesttype === 'IS_NOT_FALSE') return column !== undefined;
  return column !== undefined && target.mayBeNull(column) && (booltesttype === 'IS_NOT_UNKNOWN') !== not;
}

function subquery(target: Target, part: Part, not: boolean): boolean {
  const select = part.subselect as Node;
  if (part.subLinkType === 'EXISTS_SUBLINK') return exists(target, select, not);
  if (part.subLinkType !== 'ANY_SUBLINK' && part.subLinkType !== 'ALL_SUBLINK') return false;
  // `<> all (an empty set)` holds for every row; it is NOT IN, which is how rows without partners are found.
  return (
    varies(target, part.testexpr as Node) &&
    isForeign(target, { SubLink: part } as unknown as Node, '=') &&
    !isEmpty(select)
  );
}

/** EXISTS of rows that belong to the row: correlated, and not with the row itself. */
function exists(target: Target, node: Node, not: boolean): boolean {
  const select = as(node, 'SelectStmt');
  if (select === undefined || select.fromClause === undefined) return false;
  if (!mentionsAny(target, select)) return false;
  return not ? !isEmpty(node) : !target.readsAll(node) || notOnlyItself(select);
}
const notOnlyItself = (select: Part): boolean => /"sval":"(?:<>|<|>)"/.test(shape(select.whereClause));

/** By the target's alias, or by a name that only the target has. */
function mentionsAny(target: Target, select: Part): boolean {
  if (mentions(target, select)) return true;
  const inner = listOf(select.fromClause).flatMap((node) => target.resolve(as(node, 'RangeVar') ?? {}));
  let found = false;
  const look = (type: string, child: Part): void => {
    if (type !== 'ColumnRef') return eachChild(child, look);
    const name = target.column({ ColumnRef: child } as unknown as Node);
    found ||= name !== undefined && !inner.some(({ columns }) => columns.some((one) => one.name === name));
  };
  eachChild({ where: select.whereClause }, look);
  return found;
}

/** A query that is seen to give no row. */
function isEmpty(node: Node): boolean {
  const select = as(node, 'SelectStmt');
  if (select === undefined) return false;
  if (constant(select.limitCount) === '0') return true;
  const where = select.whereClause as Node | undefined;
  return where !== undefined && [where, ...listOf(as(where, 'BoolExpr')?.args)].some(isFalse);
}
function isFalse(node: Node): boolean {
  const value = constant(node);
  if (value !== undefined) return value === null || !isTrue(value);
  const part = as(node, 'A_Expr');
  return part !== undefined && fold(part) === false;
}

/** What a comparison of two constants gives. */
function fold(part: Part): boolean | undefined {
  const [left, right] = [constant(part.lexpr), constant(part.rexpr)];
  if (typeof left !== 'string' || typeof right !== 'string') return undefined;
  const [a, b] = [left, right].every((one) => one.trim() !== '' && !Number.isNaN(Number(one)))
    ? [Number(left), Number(right)]
    : [left, right];
  const name = words(part.name).at(-1);
  if (name === '=') return a === b;
  if (name === '<>' || name === '!=') return a !== b;
  if (name === '<') return a < b;
  if (name === '>') return a > b;
  if (name === '<=') return a <= b;
  return name === '>=' ? a >= b : undefined;
}
