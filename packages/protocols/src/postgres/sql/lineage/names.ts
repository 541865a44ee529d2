import type { FuncCall, Node, SelectStmt, SubLink } from 'libpg-query';
import { as, type Body, type Kind, kindOf, namesOf } from './nodes.js';

/** A name, and whether it is a firm one; a cast's type gives way to nothing, what is not firm gives way to it. */
type Named = { name: string; firm: boolean } | undefined;
const firm = (name: string | undefined): Named => (name === undefined ? undefined : { name, firm: true });

/** The name that the server gives an output without an alias (FigureColname in parse_target.c). */
export function outputName(node: Node): string {
  return figured(node)?.name ?? '?column?';
}

function figured(node: Node | undefined): Named {
  const kind = node === undefined ? undefined : kindOf(node);
  if (node === undefined || kind === undefined) return;
  const plain = PLAIN[kind];
  if (plain !== undefined) return firm(plain);
  const read = READERS[kind] as ((body: unknown) => Named) | undefined;
  return read?.(as(node, kind));
}

const PLAIN: { readonly [K in Kind]?: string } = {
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
};

const READERS: { readonly [K in Kind]?: (body: Body<K>) => Named } = {
  ColumnRef: (body) => firm(namesOf(body.fields).at(-1)),
  A_Indirection: (body) => firm(namesOf(body.indirection).at(-1)) ?? figured(body.arg),
  FuncCall: (body: FuncCall) => firm(namesOf(body.funcname).at(-1)),
  A_Expr: (body) => (body.kind === 'AEXPR_NULLIF' ? firm('nullif') : undefined),
  TypeCast: (body) => weak(figured(body.arg), namesOf(body.typeName?.names).at(-1)),
  CollateClause: (body) => figured(body.arg),
  CaseExpr: (body) => weak(figured(body.defresult), 'case'),
  MinMaxExpr: (body) => firm(body.op === 'IS_LEAST' ? 'least' : 'greatest'),
  SQLValueFunction: (body) => firm(body.op?.replace(/^SVFOP_|_N$/g, '').toLowerCase()),
  XmlExpr: (body) => firm(body.op?.startsWith('IS_XML') ? body.op.slice(3).toLowerCase() : undefined),
  JsonFuncExpr: (body) => firm(body.op?.replace(/_OP$/, '').toLowerCase()),
  SubLink: sublink,
};

const weak = (inner: Named, name: string | undefined): Named =>
  inner?.firm === true ? inner : name === undefined ? inner : { name, firm: false };

function sublink(body: SubLink): Named {
  if (body.subLinkType === 'EXISTS_SUBLINK') return firm('exists');
  if (body.subLinkType === 'ARRAY_SUBLINK') return firm('array');
  return body.subLinkType === 'EXPR_SUBLINK' ? firm(firstOf(as(body.subselect, 'SelectStmt'))) : undefined;
}

/** The name of a query's first column. A star's is the relation's to say: the one that asks for it looks there. */
function firstOf(stmt: SelectStmt | undefined): string | undefined {
  if (stmt?.larg !== undefined) return firstOf(stmt.larg);
  if (stmt?.valuesLists !== undefined) return 'column1';
  const target = as(stmt?.targetList?.[0], 'ResTarget');
  return target === undefined ? undefined : (target.name ?? outputName(target.val as Node));
}
