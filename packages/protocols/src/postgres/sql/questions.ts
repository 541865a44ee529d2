/**
 * What `learn` asks the server: each answer row is one JSON array whose first word says what it is about. The session's
 * search_path is empty, so every name means the system's own, and what the server writes out comes qualified.
 * https://www.postgresql.org/docs/current/catalogs.html
 */
export const SETTINGS = (seconds: number): string => `
begin isolation level repeatable read, read only;
set local search_path = '';
set local statement_timeout = '${seconds}s';
set local lock_timeout = '2s';
set local client_min_messages = error;
set local standard_conforming_strings = on;
set local quote_all_identifiers = off;
`;

/** Asked before anything is set: what a new session of this login begins with. */
export const BEGINNING = `
select pg_catalog.json_build_array('session', pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
  current_user::pg_catalog.text, pg_catalog.current_setting('search_path'))::pg_catalog.text`;

const row = (...cells: string[]): string => `json_build_array(${cells.join(', ')})::text`;
/** An array that is never null. */
const list = (query: string): string => `array(${query})`;

/** Operator classes, and what users have written to compare by them: not what an extension brings. */
const COMPARING = `select f.oid as class, f.opcname as name, f.opcnamespace as schema, f.opcintype as type, f.opcdefault as usual, p.oid as called
  from pg_opclass f join (select k.amprocfamily, k.amproc::oid from pg_amproc k
    union select a.amopfamily, o.oprcode::oid from pg_amop a join pg_operator o on o.oid = a.amopopr) p (family, oid) on p.family = f.opcfamily
  where p.oid >= 16384 and not exists (
    select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`;

/** What somebody changes just now is locked, and to write out what refers to it would wait for that. */
const LOCKED = `select k.relation from pg_locks k where k.mode = 'AccessExclusiveLock' and k.relation is not null
  and k.database = (select d.oid from pg_database d where d.datname = current_database())`;
const dependsOnLocked = (what: 'pg_rewrite' | 'pg_proc', oid: string): string => `exists (
  select from pg_depend d where d.classid = '${what}'::regclass and d.objid = ${oid} and d.refclassid = 'pg_class'::regclass
    and d.refobjid in (${LOCKED}))`;

/** A digest of what the server keeps, and that written out, null where it would wait. */
const written = (tree: string, text: string, waits: string): string =>
  `md5(${tree}::text), case when not ${waits} then ${text} end`;
const expression = (tree: string, relation: string): string =>
  written(tree, `pg_get_expr(${tree}, ${relation})`, `${relation} in (${LOCKED})`);

export const QUESTIONS: readonly string[] = [
  `select ${row("'schema'", 'nspname')} from pg_namespace`,
  `select ${row("'extension'", 'extname')} from pg_extension`,
  `select ${row("'module'", 'm.prefix')} from (
    select distinct split_part(s.name, '.', 1) from pg_settings s where strpos(s.name, '.') > 0) m (prefix)`,

  `select ${row("'thing'", 't.kind', 't.name')} from (
    select 'index', relname from pg_class where relkind in ('i', 'I') and oid >= 16384
    union all select 'trigger', tgname from pg_trigger where not tgisinternal
    union all select 'rule', rulename from pg_rewrite where oid >= 16384
    union all select 'policy', polname from pg_policy
    union all select 'constraint', conname from pg_constraint where oid >= 16384) t (kind, name)`,

  `select ${row(
    "'relation'",
    'c.oid::int8',
    'n.nspname',
    'c.relname',
    'c.relkind',
    list(`select json_build_array(a.attnum, a.attname, a.atttypid::int8, a.attnotnull, a.atttypmod) from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum`),
    list(`select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey::int2[])
      where i.indrelid = c.oid and i.indisprimary`),
    list('select h.inhparent::int8 from pg_inherits h where h.inhrelid = c.oid'),
    list(`select t.tgfoid::int8 from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal`),
  )} from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c', 't') and n.nspname !~ '^pg_toast'`,

  `select ${row("'counted'", 'c.oid::int8', 'c.reltuples::int8')} from pg_class c
    where c.relkind in ('r', 'p', 'm') and c.oid >= 16384 and c.reltuples > 0`,

  // Servers before 12 have no such columns, nor attgenerated.
  `select ${row("'generated'", 'd.adrelid::int8', 'd.adnum', expression('d.adbin', 'd.adrelid'))} from pg_attrdef d
    join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where to_jsonb(a) ->> 'attgenerated' <> ''`,

  `select ${row("'default'", 'd.adrelid::int8', 'd.adnum', expression('d.adbin', 'd.adrelid'))} from pg_attrdef d
    join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    where a.atttypid in (1082, 1114, 1184) and d.adrelid >= 16384`,

  // Expressions that a write evaluates; those of the system's own tables are none.
  `select ${row("'on-write'", 'd.adrelid::int8', expression('d.adbin', 'd.adrelid'))} from pg_attrdef d where d.adrelid >= 16384`,
  `select ${row("'on-write'", 'k.conrelid::int8', expression('k.conbin', 'k.conrelid'))} from pg_constraint k
    where k.contype = 'c' and k.conrelid >= 16384`,
  `select ${row("'indexed'", 'i.indrelid::int8', 'x.relname', expression('i.indexprs', 'i.indrelid'))}
    from pg_index i join pg_class x on x.oid = i.indexrelid where i.indexprs is not null and i.indrelid >= 16384`,
  `select ${row("'indexed'", 'i.indrelid::int8', 'x.relname', expression('i.indpred', 'i.indrelid'))}
    from pg_index i join pg_class x on x.oid = i.indexrelid where i.indpred is not null and i.indrelid >= 16384`,
  `select ${row("'comparing'", 'k.relation::int8', 'array_agg(c.called::int8)')} from (${COMPARING}) c join (
      select i.indrelid, unnest(i.indclass::oid[]) from pg_index i where i.indrelid >= 16384
      union select p.partrelid, unnest(p.partclass::oid[]) from pg_partitioned_table p) k (relation, class) on k.class = c.class
    group by k.relation`,
  `select ${row("'trigger'", 't.tgrelid::int8', 't.tgname')} from pg_trigger t where not t.tgisinternal`,
  `select ${row("'on-write'", 't.tgrelid::int8', written('t.tgqual', 'pg_get_triggerdef(t.oid)', `t.tgrelid in (${LOCKED})`))} from pg_trigger t
    where t.tgqual is not null and not t.tgisinternal`,
  `select ${row("'on-read'", 'p.polrelid::int8', expression('p.polqual', 'p.polrelid'))} from pg_policy p where p.polqual is not null`,
  `select ${row("'on-read'", 'p.polrelid::int8', expression('p.polwithcheck', 'p.polrelid'))} from pg_policy p
    where p.polwithcheck is not null`,
  `select ${row("'reference'", 'k.confrelid::int8', 'k.conrelid::int8', "(k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))")}
    from pg_constraint k where k.contype = 'f'`,

  `select ${row(
    "'routine'",
    'p.oid::int8',
    'n.nspname',
    'p.proname',
    'p.prokind',
    'p.provolatile',
    'l.lanname',
    'p.prosecdef',
    'p.proargtypes::oid[]::int8[]',
    'p.pronargdefaults',
    'p.provariadic <> 0',
    'p.prorettype::int8',
    'p.proretset',
    'p.proallargtypes::int8[]',
    'p.proargmodes::text[]',
    'p.proargnames',
    'p.proconfig',
  )} from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang`,
  `select ${row("'extended'", 'd.objid::int8')} from pg_depend d
    where d.classid = 'pg_proc'::regclass and d.deptype = 'e'`,
  `select ${row(
    "'aggregate'",
    'a.aggfnoid::oid::int8',
    list(`select s.oid::int8 from unnest(array[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
      a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) s (oid) where s.oid <> 0`),
  )} from pg_aggregate a where a.aggfnoid::oid >= 16384`,

  `select ${row(
    "'operator'",
    'n.nspname',
    'o.oprname',
    'array_remove(array[o.oprleft, o.oprright], 0::oid)::int8[]',
    'o.oprresult::int8',
    // The planner takes its commutator in its place, and in that of NOT its negator.
    list(`select s.oid::int8 from unnest(array[o.oprcode, o.oprrest, o.oprjoin]::oid[]
      || array(select x.oprcode::oid from pg_operator x where x.oid in (o.oprcom, o.oprnegate))) s (oid) where s.oid <> 0`),
  )} from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oid >= 16384`,
  `select ${row("'system-operator'", 'o.oprname', 'array_remove(array[o.oprleft, o.oprright], 0::oid)::int8[]', 'o.oprresult::int8')}
    from pg_operator o where o.oid < 16384`,

  `select ${row(
    "'type'",
    't.oid::int8',
    'n.nspname',
    't.typname',
    't.typtype',
    't.typcategory',
    't.typispreferred',
    't.typrelid::int8',
    `(case when t.typtype = 'd' then t.typbasetype when t.typelem <> 0 then t.typelem
      else coalesce((select r.rngsubtype from pg_range r where r.rngtypid = t.oid), 0) end)::int8`,
    `array(select s.oid::int8 from unnest(array[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin]::oid[]
        || (select array[r.rngcanonical, r.rngsubdiff]::oid[] from pg_range r where r.rngtypid = t.oid)
        || array(select k.amproc::oid from pg_range r join pg_opclass f on f.oid = r.rngsubopc
          join pg_amproc k on k.amprocfamily = f.opcfamily
          where r.rngtypid = t.oid or to_jsonb(r) ->> 'rngmultitypid' = t.oid::text)) s (oid)
      where s.oid >= 16384)`,
    list("select pg_get_expr(k.conbin, 0) from pg_constraint k where k.contypid = t.oid and k.contype = 'c'"),
  )} from pg_type t join pg_namespace n on n.oid = t.typnamespace`,
  `select ${row("'compared'", 'c.type::int8', 'array_agg(c.called::int8)')} from (${COMPARING}) c where c.usual group by c.type`,
  `select ${row("'class'", 'n.nspname', 'c.name', 'array_agg(c.called::int8)')}
    from (${COMPARING}) c join pg_namespace n on n.oid = c.schema group by n.nspname, c.name`,
  `select ${row("'cast'", 'c.castsource::int8', 'c.casttarget::int8', 'c.castfunc::int8')} from pg_cast c
    where c.oid >= 16384 and c.castfunc <> 0`,
  `select ${row("'implicit'", 'c.castsource::int8', 'c.casttarget::int8')} from pg_cast c where c.castcontext = 'i'`,
  `select ${row("'ruled'", 'r.ev_class::int8', 'count(*)')} from pg_rewrite r
    where r.oid >= 16384 and r.rulename <> '_RETURN' group by r.ev_class`,
];

/** Of these any may fail, should it wait for a lock all the same: what is not had is then not understood. */
export const OPTIONAL: readonly string[] = [
  // Servers before 14 keep no statistics of expressions.
  `select ${row("'indexed'", 's.stxrelid::int8', "''", written('s.stxexprs', "array_to_string(pg_get_statisticsobjdef_expressions(s.oid), ', ')", `s.stxrelid in (${LOCKED})`))}
    from pg_statistic_ext s where s.stxexprs is not null`,
  `select ${row("'source'", 'p.oid::int8', 'pg_get_functiondef(p.oid)')} from pg_proc p join pg_language l on l.oid = p.prolang
    where p.oid >= 16384 and p.prokind in ('f', 'p') and l.lanname in ('sql', 'plpgsql') and not ${dependsOnLocked('pg_proc', 'p.oid')}`,
  `select ${row("'source'", 'p.oid::int8', 'p.prosrc')} from pg_proc p join pg_language l on l.oid = p.prolang
    where p.oid >= 16384 and l.lanname = 'internal'`,
  `select ${row("'definition'", 'r.ev_class::int8', written('r.ev_action', 'pg_get_viewdef(r.ev_class)', dependsOnLocked('pg_rewrite', 'r.oid')))} from pg_rewrite r
    where r.oid >= 16384 and r.rulename = '_RETURN'`,
  `select ${row("'rule'", 'r.ev_class::int8', written('r.ev_action', 'pg_get_ruledef(r.oid)', dependsOnLocked('pg_rewrite', 'r.oid')))} from pg_rewrite r
    where r.oid >= 16384 and r.rulename <> '_RETURN'`,
];
