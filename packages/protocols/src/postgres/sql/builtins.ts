import type { StatementClass, Trait } from '@hoop/core';
import type { Routine } from './catalogue.js';

/** What a function that came with the server does beyond reading. */
export interface Deed {
  class: StatementClass;
  traits: readonly Trait[];
  /** Clause for the class `unknown`. */
  why?: string;
}

const READ: Deed = { class: 'read', traits: [] };
const SQL_TEXT: Deed = { class: 'unknown', traits: ['code'], why: 'it has a text run as SQL' };
const TABLE_DUMP: Deed = { class: 'unknown', traits: ['code'], why: 'it shows whole tables by name' };
const FILES: Deed = { class: 'administer', traits: ['server-files'] };
const ADMINISTER: Deed = { class: 'administer', traits: [] };

const table = (...rows: readonly [Deed, string][]): ReadonlyMap<string, Deed> =>
  new Map(rows.flatMap(([deed, names]) => names.split(/\s+/).map((name) => [name, deed] as const)));

/**
 * Immutable and stable functions are read unless they stand here; volatile ones only if they do. What a newer server adds
 * is thereby unknown as long as it is volatile. https://www.postgresql.org/docs/current/functions.html
 */
const LISTED = table(
  [
    READ,
    `random random_normal setseed clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 array_shuffle array_sample
    currval lastval current_query pg_sleep pg_sleep_for pg_sleep_until bernoulli system pg_nextoid
    pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared
    pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
    pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_blocking_pids pg_safe_snapshot_blocking_pids
    pg_isolation_test_session_is_blocked pg_lock_status pg_export_snapshot pg_prepared_xact pg_jit_available
    pg_collation_actual_version pg_database_collation_actual_version pg_database_size pg_indexes_size pg_relation_size
    pg_table_size pg_tablespace_size pg_total_relation_size pg_sequence_last_value pg_is_in_recovery pg_is_wal_replay_paused
    pg_get_wal_replay_pause_state pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
    pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp
    pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_stat_clear_snapshot pg_stat_force_next_flush
    pg_stat_have_stats pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status txid_status
    pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system pg_get_multixact_members
    pg_get_wal_resource_managers pg_get_backend_memory_contexts pg_get_shmem_allocations
    pg_replication_origin_session_is_setup pg_replication_origin_session_progress pg_replication_origin_progress
    pg_show_replication_origin_status lo_close lo_lseek lo_lseek64 lo_tell lo_tell64 suppress_redundant_updates_trigger
    tsvector_update_trigger tsvector_update_trigger_column unique_key_recheck
    RI_FKey_cascade_del RI_FKey_cascade_upd RI_FKey_check_ins RI_FKey_check_upd RI_FKey_noaction_del RI_FKey_noaction_upd
    RI_FKey_restrict_del RI_FKey_restrict_upd RI_FKey_setdefault_del RI_FKey_setdefault_upd RI_FKey_setnull_del
    RI_FKey_setnull_upd`,
  ],
  [
    { class: 'write', traits: [] },
    'nextval setval pg_notify pg_logical_emit_message lo_open lo_creat lo_create lo_from_bytea lo_put lowrite',
  ],
  [{ class: 'write', traits: ['destroys'] }, 'lo_unlink lo_truncate lo_truncate64'],
  // Values of tables without their columns: large objects, statistics, what others run just now.
  [
    { class: 'read', traits: ['explains'] },
    `lo_get loread pg_mcv_list_items pg_stat_get_activity pg_stat_get_backend_activity pg_get_backend_activity
    pg_get_publication_tables`,
  ],
  [
    SQL_TEXT,
    'query_to_xml query_to_xml_and_xmlschema query_to_xmlschema ts_stat ts_rewrite pg_input_is_valid pg_input_error_info',
  ],
  [
    TABLE_DUMP,
    `cursor_to_xml cursor_to_xmlschema table_to_xml table_to_xml_and_xmlschema schema_to_xml schema_to_xml_and_xmlschema
    database_to_xml database_to_xml_and_xmlschema`,
  ],
  [
    FILES,
    `pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir
    pg_ls_archive_statusdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir pg_current_logfile
    pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings lo_import lo_export pg_file_write pg_file_sync
    pg_file_rename pg_file_unlink pg_logdir_ls`,
  ],
  [{ class: 'administer', traits: ['session'] }, 'pg_terminate_backend pg_cancel_backend pg_reload_conf'],
  [
    { class: 'administer', traits: ['server-files', 'explains'] },
    `pg_logical_slot_get_changes pg_logical_slot_peek_changes pg_logical_slot_get_binary_changes
    pg_logical_slot_peek_binary_changes`,
  ],
  // The server's log, its write-ahead log and backups, its system's locales, and the servers that follow it.
  [
    FILES,
    `pg_rotate_logfile pg_rotate_logfile_old pg_log_backend_memory_contexts pg_promote pg_switch_wal pg_create_restore_point
    pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup pg_wal_replay_pause pg_wal_replay_resume
    pg_create_physical_replication_slot pg_create_logical_replication_slot pg_drop_replication_slot
    pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_replication_slot_advance pg_sync_replication_slots
    pg_replication_origin_advance pg_replication_origin_create pg_replication_origin_drop
    pg_replication_origin_session_reset pg_replication_origin_session_setup pg_replication_origin_xact_reset
    pg_replication_origin_xact_setup pg_import_system_collations`,
  ],
  [
    { class: 'administer', traits: ['destroys'] },
    `pg_stat_reset pg_stat_reset_replication_slot pg_stat_reset_shared pg_stat_reset_slru
    pg_stat_reset_single_function_counters pg_stat_reset_single_table_counters pg_stat_reset_subscription_stats
    pg_stat_reset_backend_stats pg_restore_relation_stats pg_restore_attribute_stats pg_clear_relation_stats
    pg_clear_attribute_stats`,
  ],
  [
    ADMINISTER,
    `pg_extension_config_dump brin_desummarize_range brin_summarize_new_values
    brin_summarize_range gin_clean_pending_list`,
  ],
);

export function deedOf(routine: Routine): Deed {
  const listed = LISTED.get(routine.name);
  if (listed !== undefined) return listed;
  // Its own judge looks at what is set.
  if (routine.name === 'set_config') return READ;
  if (/^pg_stat_get_/.test(routine.name)) return READ;
  if (routine.volatility !== 'volatile') return READ;
  // Trigger functions and aggregates are volatile by name only: what they are made of is judged.
  if (routine.kind === 'a' || routine.kind === 'w') return READ;
  return { class: 'unknown', traits: ['code'], why: `it calls pg_catalog.${routine.name}, which may write` };
}

/** It came with the server, and only reads. */
export const isHarmless = (routine: Routine): boolean => deedOf(routine) === READ;

/**
 * Functions of extensions. Those in C that are immutable or stable are read, as only who may create extensions made them
 * so; these run a text or reach out all the same, and the volatile ones here are known to be harmless.
 */
const OF_EXTENSIONS = table(
  [SQL_TEXT, 'crosstab crosstab2 crosstab3 crosstab4 connectby xpath_table crosstabn'],
  [
    { class: 'unknown', traits: ['server-files', 'code'], why: 'it reaches another server' },
    `dblink dblink_exec dblink_open dblink_fetch dblink_close dblink_connect dblink_connect_u dblink_send_query
    dblink_get_result dblink_build_sql_insert dblink_build_sql_update dblink_build_sql_delete postgres_fdw_get_connections
    postgres_fdw_disconnect postgres_fdw_disconnect_all http http_get http_post http_put http_delete`,
  ],
  [FILES, 'pg_file_write pg_file_sync pg_file_rename pg_file_unlink pg_logdir_ls pg_read_server_file get_raw_page'],
  [
    READ,
    `uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_salt gen_random_bytes gen_random_uuid pgp_sym_encrypt
    pgp_pub_encrypt pgp_sym_encrypt_bytea pgp_pub_encrypt_bytea normal_rand set_limit show_limit show_trgm`,
  ],
  [{ class: 'read', traits: ['explains'] }, 'pg_stat_statements pg_stat_statements_info pgrowlocks pg_stat_kcache'],
);

/** What the server makes along with a range type: they put ranges together. */
const OF_RANGES = /^(?:multi)?range_constructor\d$/;

/** What a function does that has no text to be read; undefined where that is not known. */
export function deedUnread(routine: Routine): Deed | undefined {
  if (routine.extension && /^(?:c|internal)$/.test(routine.language)) return deedOfExtension(routine);
  return routine.language === 'internal' && OF_RANGES.test(routine.source ?? '') ? READ : undefined;
}

/** Undefined: it is not known by name; its language and volatility decide. */
const deedOfExtension = (routine: Routine): Deed | undefined => {
  const listed = OF_EXTENSIONS.get(routine.name);
  if (listed !== undefined) return listed;
  return routine.volatility === 'volatile' ? undefined : READ;
};

/** Relations of the system that hold values of other relations' rows, or what others run. */
const EXPLAINING = new Set(
  `pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs pg_stat_activity pg_largeobject
  pg_stat_statements pg_stat_statements_info pg_stat_get_activity pg_stat_replication pg_prepared_statements pg_cursors`.split(
    /\s+/,
  ),
);
/** These hold passwords and their hashes. */
const SECRET = new Set('pg_authid pg_shadow pg_user_mapping pg_user_mappings'.split(' '));
/** Of these the functions behind count: they read the server's files. */
const FILING = new Set('pg_hba_file_rules pg_ident_file_mappings pg_file_settings'.split(' '));

export function traitOfSystemRelation(name: string): Trait | undefined {
  if (EXPLAINING.has(name)) return 'explains';
  if (SECRET.has(name)) return 'privileges';
  return FILING.has(name) ? 'server-files' : undefined;
}
