import type { FuncCall } from 'libpg-query';
import type { Routine } from '../catalogue.js';
import type { Flow } from './flow.js';
import {
  always,
  arrays,
  averaged,
  digested,
  extracted,
  filled,
  fixed,
  folded,
  formatted,
  gathered,
  isFill,
  isPath,
  isPlace,
  isWord,
  type Judge,
  kept,
  keyed,
  keyedRows,
  matched,
  near,
  placed,
  setting,
  shifted,
  since,
  single,
  sliced,
  steady,
  summed,
  unchosen,
  zoned,
} from './judges.js';
import { as, namesOf } from './nodes.js';
import type { Scope } from './scope.js';
import { isChosen, type Made, partial, textOf } from './total.js';

const table = (...rows: readonly [Judge, string][]): ReadonlyMap<string, Judge> =>
  new Map(rows.flatMap(([judge, names]) => names.split(/\s+/).map((name) => [name, judge] as const)));

/**
 * Functions that came with the server and never fail, or only by what is written out; each name in all its meanings. What is not here
 * may fail. https://www.postgresql.org/docs/current/functions.html
 */
const JUDGES = table(
  [
    always,
    `reverse md5 sha224 sha256 sha384 sha512 left right concat concat_ws quote_literal quote_nullable quote_ident ascii normalize
    strpos position starts_with hashtext hashtextextended to_hex to_json to_jsonb row_to_json array_to_json json_build_array
    jsonb_build_array json_typeof jsonb_typeof json_strip_nulls jsonb_strip_nulls jsonb_pretty json_extract_path
    json_extract_path_text jsonb_extract_path jsonb_extract_path_text jsonb_each jsonb_each_text json_each json_each_text
    jsonb_object_keys json_object_keys jsonb_array_elements jsonb_array_elements_text json_array_elements
    json_array_elements_text unnest num_nulls num_nonnulls pg_typeof pg_column_size array_length cardinality array_ndims
    array_lower array_upper array_dims array_to_string isfinite isempty lower_inc upper_inc host masklen family count bool_and
    bool_or every mode textcat text bpchar varchar grouping gen_random_uuid random clock_timestamp now to_tsvector
    plainto_tsquery numnode similar_to_escape row_number rank dense_rank percent_rank cume_dist`,
  ],
  [folded, 'lower upper initcap btrim ltrim rtrim'],
  [kept, 'length char_length character_length octet_length bit_length min max any_value'],
  [gathered, 'string_agg json_agg jsonb_agg xmlagg'],
  [unchosen, 'json_array_length jsonb_array_length array_remove array_positions'],
  [arrays, 'array_agg array_append array_prepend array_cat array_position'],
  [sliced, 'substr substring'],
  [steady((node) => isPlace(node) || isWord(node)), 'split_part overlay string_to_array'],
  [steady(isFill), 'replace translate'],
  [(call) => (isChosen(call.args) ? unchosen : steady(isWord))(call), 'jsonb_set jsonb_insert'],
  [fixed((node) => /^(?:hex|base64|escape|UTF-?8)$/i.test(textOf(node) ?? '')), 'encode convert_to'],
  [fixed(isPath), 'jsonb_path_query_first jsonb_path_query_array jsonb_path_exists'],
  [
    matched,
    `regexp_replace regexp_match regexp_substr regexp_count regexp_instr regexp_like regexp_split_to_array regexp_matches
    regexp_split_to_table`,
  ],
  [filled, 'repeat lpad rpad'],
  [formatted, 'format'],
  [keyed, 'json_build_object jsonb_build_object'],
  [keyedRows, 'json_object_agg jsonb_object_agg'],
  [placed, 'percentile_disc percentile_cont'],
  [averaged, 'avg'],
  [summed, 'sum stddev stddev_pop stddev_samp variance var_pop var_samp bit_and bit_or'],
  [shifted, 'lag lead first_value last_value nth_value'],
  [
    near,
    `abs round trunc floor ceil ceiling sign scale date_trunc to_char justify_days justify_hours justify_interval`,
  ],
  [extracted, 'extract date_part'],
  [since, 'age'],
  [setting, 'current_setting'],
  [zoned, 'timezone'],
);

/** Functions of extensions that are total, as quick as their arguments are short, or that fail only by what is written out. */
const OF_EXTENSIONS = table([single, 'unaccent'], [digested, 'digest hmac'], [always, 'soundex similarity']);

/** Only who installs extensions puts another meaning beside one that came with the server, as that of lower case does. */
function judgeOf(name: string, found: readonly Routine[]): Judge | undefined {
  const listed = JUDGES.get(name);
  const own = found.some(({ builtin }) => builtin);
  if (found.length === 0 || !found.every(({ builtin, extension }) => builtin || extension)) return undefined;
  return listed !== undefined && own ? listed : OF_EXTENSIONS.get(name);
}

/** What a call makes of its arguments. */
export function madeByCall(body: FuncCall, args: readonly Flow[], found: readonly Routine[], scope: Scope): Made {
  const name = namesOf(body.funcname).at(-1) ?? '';
  const judge = judgeOf(name, found);
  // How many arguments there are then, its own value says.
  if (judge === undefined || (body.func_variadic === true && name !== 'concat')) return partial(args, scope);
  const within = body.agg_within_group === true ? (body.agg_order ?? []) : [];
  const nodes = [...(body.args ?? []), ...within].map((arg) => as(arg, 'NamedArgExpr')?.arg ?? arg);
  const made = judge({ args, nodes, scope });
  const acts = found.some((one) => one.volatility === 'volatile' && one.kind === 'f');
  return acts ? { ...made, risky: true } : made;
}
