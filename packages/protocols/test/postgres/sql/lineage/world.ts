import type { Catalogue, Relation, Routine, UserOperator, UserType } from '../../../../src/postgres/sql/catalogue.js';

/** A catalogue made by hand: a shop with customers, whose ssn, email and card are nobody's business. */
const TEXT = 25;
const INT = 23;
const TYPES: Readonly<Record<string, number>> = {
  text: TEXT,
  int: INT,
  varchar: 1043,
  date: 1082,
  jsonb: 3802,
  bool: 16,
  record: 2249,
  any: 2276,
  anyelement: 2283,
  anyarray: 2277,
  'text[]': 1009,
};

const PSEUDO: ReadonlySet<string> = new Set(['record', 'any', 'anyelement', 'anyarray']);

interface TableSpec {
  columns: string;
  kind?: string;
  definition?: string;
  parents?: readonly string[];
  rules?: readonly string[];
}

const TABLES: Readonly<Record<string, TableSpec>> = {
  'public.customers': { columns: 'id:int name email ssn card note born:date data:jsonb vip:bool tags:text[]' },
  'public.orders': { columns: 'id:int customer_id:int total:int note placed:date' },
  'public.log': { columns: 'id:int message ssn' },
  'public.people': { columns: 'id:int ssn name' },
  'public.employees': { columns: 'id:int ssn name salary:int', parents: ['public.people'] },
  'public.managers': { columns: 'id:int ssn name salary:int bonus:int', parents: ['public.employees'] },
  'public.ruled': { columns: 'id:int a', rules: ['CREATE RULE r AS ON INSERT TO public.ruled DO NOTHING;'] },
  'private.customers': { columns: 'id:int name email ssn card note born:date data:jsonb vip:bool tags:text[]' },
  'private.orders': { columns: 'id:int secret' },
  'private.keys': { columns: 'id:int key' },
  'public.v_names': {
    columns: 'id:int name',
    kind: 'v',
    definition: 'SELECT customers.id, customers.name FROM public.customers;',
  },
  'public.v_ssn': {
    columns: 'id:int number upper_name',
    kind: 'v',
    definition:
      "SELECT c.id, c.ssn AS number, upper(c.name) AS upper_name FROM public.customers c WHERE (c.note ~~ 'x%'::text);",
  },
  'public.v_on_v': { columns: 'n', kind: 'v', definition: 'SELECT v_ssn.number AS n FROM public.v_ssn;' },
  'public.v_hash': {
    columns: 'id:int h',
    kind: 'v',
    definition: 'SELECT customers.id, md5(customers.ssn) AS h FROM public.customers;',
  },
  'public.v_round': { columns: 'x', kind: 'v', definition: 'SELECT v_round.x FROM public.v_round;' },
  'public.v_lost': { columns: 'a b', kind: 'v' },
  'public.m_cards': { columns: 'card', kind: 'm', definition: 'SELECT customers.card FROM public.customers;' },
  'public.pair': { columns: 'a b', kind: 'c' },
  'pg_catalog.pg_class': { columns: 'oid:int relname relkind' },
  'pg_catalog.pg_statistic': { columns: 'starelid:int stadistinct:int stavalues1:anyarray' },
  'pg_catalog.pg_stat_activity': { columns: 'pid:int state query' },
  'pg_toast.pg_toast_16384': { columns: 'chunk_id:int chunk_seq:int chunk_data', kind: 't' },
  'public.holder': { columns: 'id:int person:customers' },
};

/** `name(takes) -> returns`, flags: i s v volatility, a aggregate, w window, + returns rows; `[a b]` its OUT columns. */
const FUNCTIONS = `
upper(text) text i; lower(text) text i; md5(text) text i; reverse(text) text i; length(text) int i; substr(text int int) text i
concat(any...) text s; format(text any...) text s; left(text int) text i; ascii(text) int i; to_jsonb(anyelement) jsonb s
row_to_json(record) jsonb s; json_agg(anyelement) jsonb sa; array_agg(anyelement) anyarray ia; string_agg(text text) text ia
min(text) text ia; max(text) text ia; sum(int) int ia; avg(int) int ia; count() int ia; count(any) int ia; now() date s; random() int v
generate_series(int int) int i+; unnest(anyarray) anyelement i+; jsonb_each(jsonb) record i+[key value]; jsonb_each_text(jsonb) record i+[key value]
jsonb_array_elements(jsonb) jsonb i+[value]; jsonb_to_record(jsonb) record s; jsonb_populate_record(anyelement jsonb) anyelement s
regexp_matches(text text) text[] i+; row_number() int iw; rank() int iw; lag(anyelement) anyelement iw; first_value(anyelement) anyelement iw
percentile_disc(int anyelement) anyelement ia; mode(anyelement) anyelement ia; query_to_xml(text bool bool text) text v; pg_notify(text text) text v
set_config(text text bool) text v; pg_advisory_lock(int) int v; lo_from_bytea(int text) int v; current_setting(text) text s; pg_sleep(int) int v
timezone(text date) date i; extract(text date) int i; btrim(text) text i; coalesce_all(any...) text i; date_trunc(text date) date s; position(text text) int i
convert_to(text text) text i; encode(text text) text i; array_to_string(anyarray text) text s; jsonb_build_object(any...) jsonb s; nextval(text) int v
pg_get_keywords() record s+[word catcode]; xmlelement(text) text i; similar_to_escape(text) text i; like_escape(text text) text i; pg_read_file(text) text v
public.purge(int) int v; public.peek(int) text s; public.rows() pair s+; public.unaccent(text) text ic; public.total(text) text ia*; public.eq(text text) bool s
public.proc(int) record vp[out_a]
`;

const name = (full: string): [string, string] => {
  const dot = full.indexOf('.');
  return dot < 0 ? ['pg_catalog', full] : [full.slice(0, dot), full.slice(dot + 1)];
};

export function world(): Catalogue {
  const relations = new Map<string, Map<string, Relation>>();
  const byOid = new Map<number, Relation>();
  const types = new Map<string, UserType[]>();
  const typeByOid = new Map<number, UserType>();
  const oids = new Map(Object.keys(TABLES).map((full, i) => [full, 16384 + i]));
  const rowTypeOf = (full: string): number => (oids.get(full) ?? 0) + 1000;
  const addType = (type: UserType) => {
    types.set(type.name, [...(types.get(type.name) ?? []), type]);
    typeByOid.set(type.oid, type);
  };
  const plain = {
    checks: [],
    calls: [],
    compares: [],
    castsTo: [],
    castsFrom: [],
    base: 0,
    relation: 0,
    category: 'U',
    preferred: false,
  };
  for (const [label, oid] of Object.entries(TYPES))
    if (label === 'text[]')
      addType({
        ...plain,
        oid,
        schema: 'pg_catalog',
        name: '_text',
        builtin: true,
        kind: 'b',
        base: TEXT,
        category: 'A',
      });
    else
      addType({
        ...plain,
        oid,
        schema: 'pg_catalog',
        name: label === 'int' ? 'int4' : label,
        builtin: true,
        kind: PSEUDO.has(label) ? 'p' : 'b',
      });
  for (const [full, spec] of Object.entries(TABLES)) {
    const [schema, relname] = name(full);
    const oid = oids.get(full) as number;
    const columns = spec.columns.split(' ').map((column, i) => {
      const [label, type] = column.split(':') as [string, string | undefined];
      return { number: i + 1, name: label, type: TYPES[type ?? 'text'] ?? rowTypeOf(`public.${type}`), notNull: false };
    });
    const relation: Relation = {
      oid,
      schema,
      name: relname,
      kind: spec.kind ?? 'r',
      builtin: schema === 'pg_catalog',
      columns,
      key: [],
      definition: spec.definition,
      parents: (spec.parents ?? []).map((parent) => oids.get(parent) as number),
      triggers: [],
      triggerNames: [],
      onWrite: [],
      indexed: [],
      compares: [],
      onRead: [],
      rows: 0,
      rules: spec.rules ?? [],
      cascades: [],
      referencing: [],
    };
    relations.set(schema, (relations.get(schema) ?? new Map()).set(relname, relation));
    byOid.set(oid, relation);
    addType({ ...plain, oid: rowTypeOf(full), schema, name: relname, builtin: false, kind: 'c', relation: oid });
  }
  const functions = routines(typeByOid);
  const oidOf = (label: string): number => functions.get(label)?.[0]?.oid ?? 0;
  addType({
    ...plain,
    oid: 30001,
    schema: 'public',
    name: 'nosy',
    builtin: false,
    kind: 'd',
    base: TEXT,
    calls: [oidOf('peek')],
  });
  addType({ ...plain, oid: 30002, schema: 'public', name: 'mood', builtin: false, kind: 'e' });
  const operators = new Map<string, UserOperator[]>([
    [
      '===',
      [{ schema: 'public', name: '===', takes: [TEXT, TEXT], returns: TYPES.bool as number, calls: [oidOf('eq')] }],
    ],
  ]);
  return {
    version: 150018,
    user: 'bob',
    path: ['public'],
    schemas: new Set(relations.keys()),
    extensions: new Set(),
    modules: new Set(),
    things: new Set(),
    relations,
    byOid,
    functions,
    routineByOid: new Map([...functions.values()].flat().map((routine) => [routine.oid, routine])),
    operators,
    systemOperators: new Map(),
    classes: new Map(),
    implicit: new Map(),
    types,
    typeByOid,
  };
}

function routines(typeByOid: ReadonlyMap<number, UserType>): Map<string, Routine[]> {
  const found = new Map<string, Routine[]>();
  const volatility = { i: 'immutable', s: 'stable', v: 'volatile' } as const;
  for (const spec of FUNCTIONS.split(/[;\n]/).filter((line) => line.trim() !== '')) {
    const [, full, takes, returns, flags, outs] = /^\s*(\S+)\((.*?)\) (\S+) ([a-z]+[+*]?)(?:\[(.*)\])?/.exec(
      spec,
    ) as unknown as string[];
    const [schema, label] = name(full as string);
    const builtin = schema === 'pg_catalog';
    const type = (one: string): number =>
      TYPES[one] ?? [...typeByOid.values()].find((known) => known.name === one)?.oid ?? 0;
    const letters = flags as string;
    const args = (takes as string).split(' ').filter((one) => one !== '');
    const routine: Routine = {
      oid: 1000 + found.size,
      schema,
      name: label,
      kind: /[awp]/.exec(letters.slice(1))?.[0] ?? 'f',
      volatility: volatility[letters[0] as 'i'],
      language: builtin ? 'internal' : letters.includes('c') ? 'c' : 'plpgsql',
      securityDefiner: false,
      builtin,
      extension: letters.includes('c'),
      takes: args.map((one) => type(one.replace('...', ''))),
      defaults: 0,
      variadic: args.some((one) => one.endsWith('...')),
      returns: type(returns as string),
      returnsSet: letters.includes('+'),
      outs: (outs ?? '').split(' ').flatMap((one) => (one === '' ? [] : [{ name: one, type: TEXT }])),
      inputs: [],
      sets: [],
      calls: letters.includes('*') ? [found.get('upper')?.[0]?.oid ?? 0] : [],
      source: undefined,
    };
    found.set(label, [...(found.get(label) ?? []), routine]);
  }
  return found;
}
