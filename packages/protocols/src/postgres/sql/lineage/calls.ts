import type { FuncCall, Node } from 'libpg-query';
import type { Routine } from '../catalogue.js';
import type { Flow } from './flow.js';
import { as, namesOf } from './nodes.js';
import { isConstant } from './predicates.js';
import type { Scope } from './scope.js';
import {
  isChosen,
  isTainted,
  isTameFormat,
  isTameRegex,
  type Made,
  nearest,
  numberOf,
  partial,
  textOf,
  total,
} from './total.js';

/** A call, as its functions' totality is judged. */
interface Call {
  args: readonly Flow[];
  nodes: readonly Node[];
  found: readonly Routine[];
  scope: Scope;
}
type Judge = (call: Call) => Made;

/** Total for whatever they are given, and no slower for one value than for another of its length. */
const always: Judge = ({ args, scope }) => total(args, scope);

/** Total, and what they give is still what stands in the column, but for its case, spaces or form. */
const kept: Judge = ({ args, scope }) => ({ ...total(args, scope), near: nearest(args) });

/** The first argument may hold anything; those after it are constants, and written out where a condition decides on the first. */
const steady =
  (fits: (node: Node) => boolean, made: (call: Call) => Made = always): Judge =>
  (call) => {
    const { args, nodes, scope } = call;
    const rest = nodes.slice(1);
    const fixed = rest.every((node) => fits(node) || (!isChosen(args) && isConstant(node, scope) && !isSized(node)));
    return fixed ? made(call) : partial(args, scope);
  };
const isSized = (node: Node): boolean => numberOf(node) === undefined && textOf(node) === undefined;

const isPlace = (node: Node): boolean => {
  const number = numberOf(node);
  return number !== undefined && number >= 1 && number <= 1000;
};
const isWord = (node: Node): boolean => (textOf(node)?.length ?? 1000) <= 100;
const isFill = (node: Node): boolean => (textOf(node)?.length ?? 1000) <= 16;

/** Numbers and times out of a column: each of its values has one. Of what a condition decides on, it may have none. */
const near =
  (fits: (node: Node) => boolean): Judge =>
  ({ args, nodes, scope }) => {
    const steps = nearest(args);
    const rest = nodes.filter((_, at) => !isTainted(args[at] as Flow));
    return (steps !== undefined && rest.every(fits)) || !args.some(isTainted)
      ? { ...total(args, scope), near: steps }
      : partial(args, scope);
  };
const isClock = (node: Node): boolean =>
  as(node, 'SQLValueFunction') !== undefined ||
  /^(?:now|statement_timestamp|transaction_timestamp)$/.test(namesOf(as(node, 'FuncCall')?.funcname).at(-1) ?? '');

/** A length, or one that is a little longer or shorter: what is made of it is no longer than the value. */
function isLength(node: Node | undefined): boolean {
  const sum = as(node, 'A_Expr');
  if (sum !== undefined) {
    const [left, right] = [sum.lexpr, sum.rexpr];
    return /^[-+]$/.test(namesOf(sum.name).join()) && isLength(left) && Math.abs(numberOf(right) ?? 1e9) <= 1000;
  }
  return LENGTHS.has(namesOf(as(node, 'FuncCall')?.funcname).at(-1) ?? '');
}
const LENGTHS: ReadonlySet<string> = new Set('length char_length character_length octet_length'.split(' '));

/** repeat, lpad, rpad: what is repeated is short, and no more often than written, or than the value is long. */
const filled: Judge = ({ args, nodes, scope }) => {
  const [what, times, fill] = nodes;
  const bounded = isLength(times) ? isFill(what as Node) || fill !== undefined : isPlace(times as Node);
  const short = fill === undefined || isFill(fill);
  const factor = isLength(times) ? 1 : Math.max(1, (numberOf(times) ?? 1) / 16);
  return bounded && short ? total(args, scope, factor) : partial(args, scope);
};

/** What a pattern finds, or does not: then there is none. */
const matched: Judge = (call) => {
  const [, pattern, ...rest] = call.nodes;
  const tame = isTameRegex(pattern) && rest.every((node) => isWord(node) || isPlace(node));
  return tame ? { ...total(call.args, call.scope), chosen: true } : partial(call.args, call.scope);
};

/** `substring(x from 'pattern')` is another function of the name that takes places. */
const sliced: Judge = (call) => {
  const [, second] = call.nodes;
  return textOf(second) !== undefined && call.nodes.length === 2 ? matched(call) : steady(isPlace)(call);
};

/** NULL is no name in an object; only of a column it tells no more than that it is NULL. */
const keyed: Judge = ({ args, scope }) => {
  const keys = args.filter((_, at) => at % 2 === 0);
  return keys.every((flow) => !isTainted(flow) || nearest([flow]) !== undefined)
    ? total(args, scope)
    : partial(args, scope);
};

const keyedRows: Judge = (call) => (isChosen(call.args) ? partial(call.args, call.scope) : keyed(call));

/** They put all rows together: with a condition on what is put, it decides on how much that is. */
const gathered: Judge = ({ args, scope }) => (isChosen(args) ? partial(args, scope) : total(args, scope));
/** Arrays of which one is longer than another make no array. */
const arrays: Judge = (call) =>
  call.args.some((flow) => isTainted(flow) && !flow.exact && isArrayType(flow, call.scope))
    ? partial(call.args, call.scope)
    : gathered(call);
function isArrayType({ type }: Flow, scope: Scope): boolean {
  return type === 2277 || scope.at.catalogue.typeByOid.get(type ?? 0)?.name.startsWith('_') === true;
}

/** Sums: of what a column holds, and of integers of four bytes, whose sum has eight. */
const summed: Judge = ({ args, scope }) => {
  const steps = nearest(args);
  const fits = steps !== undefined || args.every(({ type }) => type === 23 || type === 21);
  return fits ? { ...total(args, scope), near: steps } : partial(args, scope);
};

/** Values of other rows; the places are written out. */
const shifted: Judge = ({ args, scope }) =>
  args.slice(1).some(isTainted) ? partial(args, scope) : { ...total(args, scope), near: nearest(args.slice(0, 1)) };

const formatted: Judge = ({ args, nodes, scope }) =>
  isTameFormat(nodes[0]) ? total(args, scope) : partial(args, scope);

const JUDGES: ReadonlyMap<string, Judge> = new Map(
  (
    [
      [
        always,
        `reverse md5 sha224 sha256 sha384 sha512 left right concat concat_ws quote_literal quote_nullable quote_ident ascii
        strpos position starts_with hashtext hashtextextended to_hex to_json to_jsonb row_to_json array_to_json json_build_array
        jsonb_build_array json_typeof jsonb_typeof json_strip_nulls jsonb_strip_nulls jsonb_pretty json_extract_path
        json_extract_path_text jsonb_extract_path jsonb_extract_path_text json_array_length jsonb_array_length
        jsonb_each jsonb_each_text json_each json_each_text jsonb_object_keys json_object_keys jsonb_array_elements
        jsonb_array_elements_text json_array_elements json_array_elements_text unnest
        num_nulls num_nonnulls pg_typeof pg_column_size array_length cardinality array_ndims array_lower array_upper array_dims
        array_to_string array_remove array_positions isfinite isempty lower_inc upper_inc host masklen family
        count bool_and bool_or every mode bit_and bit_or textcat text bpchar varchar grouping
        gen_random_uuid random clock_timestamp now xmlagg to_tsvector plainto_tsquery numnode similar_escape similar_to_escape
        row_number rank dense_rank percent_rank cume_dist percentile_disc percentile_cont current_setting`,
      ],
      [
        kept,
        'lower upper initcap length char_length character_length octet_length bit_length btrim ltrim rtrim min max any_value',
      ],
      [steady(isPlace), 'substr'],
      [sliced, 'substring'],
      [steady((node) => isPlace(node) || isWord(node)), 'split_part overlay string_to_array'],
      [steady(isFill), 'replace translate'],
      [steady((node) => /^(?:hex|base64|escape|UTF-?8)$/i.test(textOf(node) ?? '')), 'encode convert_to'],
      [filled, 'repeat lpad rpad'],
      [
        matched,
        'regexp_replace regexp_match regexp_substr regexp_count regexp_instr regexp_like regexp_split_to_array regexp_matches regexp_split_to_table',
      ],
      [formatted, 'format'],
      [keyed, 'json_build_object jsonb_build_object'],
      [keyedRows, 'json_object_agg jsonb_object_agg'],
      [gathered, 'string_agg json_agg jsonb_agg'],
      [arrays, 'array_agg array_append array_prepend array_cat array_position'],
      [summed, 'sum avg stddev stddev_pop stddev_samp variance var_pop var_samp'],
      [shifted, 'lag lead first_value last_value nth_value'],
      [
        near((node) => isWord(node) || isClock(node) || isPlace(node) || numberOf(node) === 0),
        'abs round trunc floor ceil ceiling sign extract date_part date_trunc age to_char timezone justify_days justify_hours justify_interval scale',
      ],
    ] as const
  ).flatMap(([judge, names]) => names.split(/\s+/).map((name) => [name, judge] as const)),
);

/** Functions of extensions that are total, and as quick as their arguments are short. */
const OF_EXTENSIONS: ReadonlySet<string> = new Set('unaccent digest hmac soundex similarity'.split(' '));

const isListed = (name: string, found: readonly Routine[]): boolean =>
  found.length > 0 &&
  found.every((one) => (one.builtin ? true : one.extension && one.language === 'c' && OF_EXTENSIONS.has(name)));

/** What a call makes of its arguments. */
export function madeByCall(body: FuncCall, args: readonly Flow[], found: readonly Routine[], scope: Scope): Made {
  const name = namesOf(body.funcname).at(-1) ?? '';
  const judge = JUDGES.get(name) ?? (OF_EXTENSIONS.has(name) ? always : undefined);
  if (judge === undefined || !isListed(name, found)) return partial(args, scope);
  const nodes = (body.args ?? []).map((arg) => as(arg, 'NamedArgExpr')?.arg ?? arg);
  const volatile = found.some((one) => one.volatility === 'volatile' && one.kind === 'f');
  const made = judge({
    args,
    nodes: [...nodes, ...(body.agg_within_group === true ? (body.agg_order ?? []) : [])],
    found,
    scope,
  });
  return volatile ? { ...made, risky: true } : made;
}
