/** What SET, set_config, a startup option or a function's own SET does to the session. */
export interface Setting {
  /** It changes neither the language, nor the actor, nor what a name means, unless `path` says so. */
  harmless: boolean;
  /** The search path that it sets. */
  path?: readonly string[] | 'unknown' | undefined;
  /** It chooses how rows are found, and so the order that they come in. */
  steers?: true | undefined;
}

const HARMLESS = new Set(
  `application_name extra_float_digits datestyle intervalstyle timezone client_min_messages statement_timeout lock_timeout
  transaction_timeout idle_in_transaction_session_timeout idle_session_timeout tcp_user_timeout tcp_keepalives_idle
  tcp_keepalives_interval tcp_keepalives_count client_connection_check_interval deadlock_timeout bytea_output xmlbinary
  xmloption work_mem hash_mem_multiplier maintenance_work_mem temp_buffers logical_decoding_work_mem
  transaction_isolation transaction_read_only transaction_deferrable default_transaction_isolation
  default_transaction_read_only default_transaction_deferrable synchronous_commit commit_siblings commit_delay
  synchronize_seqscans quote_all_identifiers jit jit_above_cost jit_inline_above_cost jit_optimize_above_cost jit_expressions
  jit_tuple_deforming geqo geqo_threshold geqo_effort geqo_pool_size geqo_generations geqo_selection_bias geqo_seed
  default_statistics_target constraint_exclusion cursor_tuple_fraction from_collapse_limit join_collapse_limit
  plan_cache_mode recursive_worktable_factor cpu_tuple_cost cpu_index_tuple_cost cpu_operator_cost seq_page_cost
  random_page_cost effective_cache_size effective_io_concurrency maintenance_io_concurrency min_parallel_table_scan_size
  min_parallel_index_scan_size parallel_setup_cost parallel_tuple_cost parallel_leader_participation
  max_parallel_workers max_parallel_workers_per_gather max_parallel_maintenance_workers lc_messages lc_monetary lc_numeric
  lc_time seed default_text_search_config gin_fuzzy_search_limit gin_pending_list_limit vacuum_cost_delay
  vacuum_cost_limit vacuum_freeze_min_age timezone_abbreviations icu_validation_level
  default_toast_compression default_table_access_method default_tablespace temp_tablespaces array_nulls
  force_parallel_mode debug_parallel_query restrict_nonsystem_relation_kind`.split(/\s+/),
);

/**
 * Prefixes of settings that modules define, which act by them: the server's languages, contrib, what is widely installed, and what
 * hosts add. With any other an application keeps words of its own, as row policies ask for.
 * https://www.postgresql.org/docs/current/runtime-config-custom.html
 */
const MODULES = new Set(
  `plpgsql plperl plperlu pltcl pltclu plpython plpython2u plpython3u plv8 plr pljava plrust plsh pllua auto_explain auth_delay
  sepgsql passwordcheck basic_archive basebackup_to_shell worker_spi dblink file_fdw postgres_fdw pgcrypto pgaudit pgsodium
  pgauditlogtofile pgtap pgml pgroonga pgrouting postgis timescaledb timescaledb_telemetry citus columnar cron anon credcheck
  supautils set_user powa hypopg age bdr spock orioledb login_hook logerrors system_stats rds rdsauth rdsadmin apg_plan_mgmt
  aurora_stat_utils azure cloudsql google_columnar_engine google_ml_integration alloydb neon edb edb_audit repmgr wal2json
  decoderbufs ddlx table_log emaj snowflake mysql_fdw oracle_fdw tds_fdw mongo_fdw redis_fdw hnsw ivfflat vchordrq diskann paradedb
  duckdb lantern vectors zombodb session_variable plprofiler pldebugger pldbgapi tsm_system_rows xml2 unaccent`.split(
    /\s+/,
  ),
);
const isModules = (prefix: string): boolean => MODULES.has(prefix) || /^pg_/.test(prefix);

/** Its name has a prefix that is none of the server's modules', so that nothing of the server goes by what it is set to. */
const isApplications = (name: string): boolean =>
  /^[a-z_][a-z0-9_$]*(?:\.[a-z_][a-z0-9_$]*)+$/.test(name) && !isModules(name.slice(0, name.indexOf('.')));

/** What modules find alike, and how far an index is searched: no more than plans and distances. */
const OF_SEARCHES =
  /^(?:pg_trgm\.(?:strict_)?(?:word_)?similarity_threshold|hnsw\.(?:ef_search|iterative_scan|max_scan_tuples)|ivfflat\.(?:probes|iterative_scan|max_probes))$/;

/** Settings of the language and of the rows shown, and the only values they may take. */
const PINNED: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    client_encoding: /^utf-?8$|^unicode$/i,
    names: /^utf-?8$|^unicode$/i,
    standard_conforming_strings: /^(?:on|true|yes|1)$/i,
    backslash_quote: /^(?:safe_encoding|off|false|no|0)$/i,
    escape_string_warning: /./,
    transform_null_equals: /^(?:off|false|no|0)$/i,
    // Turns what a row policy would hide into an error, as pg_dump wants it.
    row_security: /^(?:off|on|true|false|yes|no|1|0)$/i,
    check_function_bodies: /./,
    session_replication_role: /^origin$/i,
    allow_system_table_mods: /^(?:off|false|no|0)$/i,
    zero_damaged_pages: /^(?:off|false|no|0)$/i,
    default_with_oids: /^(?:off|false|no|0)$/i,
  }),
);

/**
 * `values` are the words after `=` (one for most), undefined where they are not constants; `[]` for DEFAULT and RESET, which
 * go back to what the session began with, and that is the gateway's. `modules`: prefixes that are known to be some module's besides.
 */
export function judgeSetting(
  name: string,
  values: readonly (string | null)[] | undefined,
  modules: ReadonlySet<string> = NONE,
): Setting {
  const canonical = name.toLowerCase();
  // This also leaves the role that the session began with.
  if (canonical === 'session_authorization') return { harmless: false };
  if (values?.length === 0) return { harmless: true };
  if (canonical === 'search_path') return pathOf(values);
  if (HARMLESS.has(canonical) || /^enable_[a-z_]+$/.test(canonical))
    return { harmless: values !== undefined, ...(isSteering(canonical, values) && { steers: true }) };
  if (isApplications(canonical)) return { harmless: !modules.has(canonical.slice(0, canonical.indexOf('.'))) };
  if (OF_SEARCHES.test(canonical)) return { harmless: values !== undefined };
  const allowed = PINNED.get(canonical);
  if (allowed === undefined || values?.length !== 1) return { harmless: false };
  return { harmless: allowed.test(values[0] ?? '') };
}

const NONE: ReadonlySet<string> = new Set();

/** With these an index is gone through where the table would have been: its rows come in the order of what is indexed. */
const isSteering = (name: string, values: readonly (string | null)[] | undefined): boolean =>
  /^(?:enable_(?:seqscan|bitmapscan)|(?:seq|random)_page_cost|cpu_(?:index_)?tuple_cost|cpu_operator_cost)$/.test(
    name,
  ) && !(name.startsWith('enable_') && /^(?:on|true|yes|1)$/i.test(values?.[0] ?? ''));

function pathOf(values: readonly (string | null)[] | undefined): Setting {
  if (values === undefined || values.includes(null)) return { harmless: false, path: 'unknown' };
  return { harmless: true, path: values as string[] };
}

/** The words of a search_path given as one string, as `set_config` and startup options have it. */
export function splitPath(value: string): string[] | undefined {
  const words: string[] = [];
  const rest = value.replace(/\s*(?:"((?:[^"]|"")*)"|([^\s,"]+))\s*(?:,|$)/gy, (_all, quoted, plain) => {
    words.push(quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"'));
    return '';
  });
  return rest.trim() === '' ? words : undefined;
}
