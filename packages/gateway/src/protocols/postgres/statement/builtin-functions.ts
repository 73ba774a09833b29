/**
 * What the server's own functions can do beyond computing a value. One table of knowledge; a built-in function that is
 * not here is judged as `call`.
 */

/** What a call of a listed function means. */
export type FunctionEffect =
  /** Reads or writes the server's files; `argument` is the position of the path, or null. */
  | { readonly kind: 'file'; readonly argument: number | null }
  /** Reaches another system. */
  | { readonly kind: 'foreign' }
  /** Tells the server or another session to do something. */
  | { readonly kind: 'signal' }
  /** Maintenance of statistics and indexes. */
  | { readonly kind: 'maintain' }
  /** Reads secrets: as reading the relation of this name in pg_catalog. */
  | { readonly kind: 'credentials'; readonly relation: string }
  /** Shows what the relation of this name in pg_catalog shows: judged as reading that. */
  | { readonly kind: 'catalog'; readonly relation: string }
  /** Reads or writes large objects. */
  | { readonly kind: 'large-object'; readonly action: 'select' | 'update' }
  /** Moves the sequence named by the first argument. */
  | { readonly kind: 'advance' }
  | { readonly kind: 'set-config' }
  | { readonly kind: 'current-setting' }
  | { readonly kind: 'notify' }
  /** Runs the text of the argument at this position, and at `also` when there is one; only with so many `arguments`. */
  | { readonly kind: 'sql'; readonly argument: number; readonly arguments?: number; readonly also?: number }
  /** Reads the whole relation named by the first argument. */
  | { readonly kind: 'relation' }
  /** Nothing can be said of what it touches. */
  | { readonly kind: 'opaque'; readonly why: string };

const FILE_PATH: FunctionEffect = { kind: 'file', argument: 0 };
const FILE_ANY: FunctionEffect = { kind: 'file', argument: null };
const SIGNAL: FunctionEffect = { kind: 'signal' };
const MAINTAIN: FunctionEffect = { kind: 'maintain' };
const FOREIGN: FunctionEffect = { kind: 'foreign' };
const LO_READ: FunctionEffect = { kind: 'large-object', action: 'select' };
const LO_WRITE: FunctionEffect = { kind: 'large-object', action: 'update' };
const CHANGES: FunctionEffect = { kind: 'opaque', why: "it reads every table's changes" };
const MANY: FunctionEffect = { kind: 'opaque', why: 'it reads tables its arguments do not name' };
const PAGES: FunctionEffect = { kind: 'opaque', why: "it reads a table's raw storage" };
const RUNS: FunctionEffect = { kind: 'opaque', why: 'it runs text as SQL' };

const groups: readonly (readonly [FunctionEffect, string])[] = [
  [
    FILE_PATH,
    'pg_read_file pg_read_file_old pg_read_binary_file pg_ls_dir pg_stat_file lo_import pg_file_write',
  ],
  [FILE_PATH, 'pg_file_read pg_file_unlink pg_file_rename pg_file_sync pg_file_length'],
  [{ kind: 'file', argument: 1 }, 'lo_export'],
  [
    FILE_ANY,
    'pg_ls_logdir pg_ls_waldir pg_ls_archive_statusdir pg_ls_tmpdir pg_ls_logicalsnapdir pg_ls_logicalmapdir',
  ],
  [FILE_ANY, 'pg_ls_replslotdir pg_ls_summariesdir pg_logdir_ls pg_current_logfile'],
  [
    SIGNAL,
    'pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_promote',
  ],
  [SIGNAL, 'pg_log_backend_memory_contexts pg_get_process_memory_contexts pg_switch_wal pg_switch_xlog'],
  [SIGNAL, 'pg_create_restore_point pg_start_backup pg_stop_backup pg_backup_start pg_backup_stop'],
  [
    SIGNAL,
    'pg_wal_replay_pause pg_wal_replay_resume pg_logical_emit_message pg_create_physical_replication_slot',
  ],
  [SIGNAL, 'pg_create_logical_replication_slot pg_drop_replication_slot pg_copy_physical_replication_slot'],
  [SIGNAL, 'pg_copy_logical_replication_slot pg_replication_slot_advance pg_sync_replication_slots'],
  [SIGNAL, 'pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_advance'],
  [SIGNAL, 'pg_replication_origin_session_setup pg_replication_origin_session_reset'],
  [SIGNAL, 'pg_replication_origin_xact_setup pg_replication_origin_xact_reset pg_import_system_collations'],
  [MAINTAIN, 'pg_stat_reset pg_stat_reset_shared pg_stat_reset_single_table_counters pg_stat_reset_slru'],
  [
    MAINTAIN,
    'pg_stat_reset_single_function_counters pg_stat_reset_replication_slot pg_stat_reset_subscription_stats',
  ],
  [MAINTAIN, 'pg_stat_reset_backend_stats pg_restore_relation_stats pg_restore_attribute_stats'],
  [
    MAINTAIN,
    'pg_clear_relation_stats pg_clear_attribute_stats brin_summarize_new_values brin_summarize_range',
  ],
  [MAINTAIN, 'brin_desummarize_range gin_clean_pending_list pg_nextoid'],
  [{ kind: 'credentials', relation: 'pg_hba_file_rules' }, 'pg_hba_file_rules'],
  [{ kind: 'credentials', relation: 'pg_ident_file_mappings' }, 'pg_ident_file_mappings'],
  [{ kind: 'credentials', relation: 'pg_file_settings' }, 'pg_show_all_file_settings'],
  [
    { kind: 'catalog', relation: 'pg_stat_activity' },
    'pg_stat_get_activity pg_stat_get_backend_activity pg_stat_get_backend_client_addr',
  ],
  [{ kind: 'catalog', relation: 'pg_stat_wal_receiver' }, 'pg_stat_get_wal_receiver'],
  [LO_READ, 'lo_get loread lo_open lo_lseek lo_lseek64 lo_tell lo_tell64 lo_close'],
  [LO_WRITE, 'lo_put lowrite lo_creat lo_create lo_unlink lo_from_bytea lo_truncate lo_truncate64'],
  [{ kind: 'advance' }, 'nextval setval'],
  [{ kind: 'set-config' }, 'set_config'],
  [{ kind: 'current-setting' }, 'current_setting pg_show_all_settings'],
  [{ kind: 'notify' }, 'pg_notify'],
  [{ kind: 'sql', argument: 0 }, 'query_to_xml query_to_xmlschema query_to_xml_and_xmlschema ts_stat'],
  [{ kind: 'sql', argument: 1, arguments: 2 }, 'ts_rewrite'],
  [{ kind: 'relation' }, 'table_to_xml table_to_xmlschema table_to_xml_and_xmlschema'],
  [MANY, 'schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema'],
  [MANY, 'database_to_xml database_to_xmlschema database_to_xml_and_xmlschema'],
  [{ kind: 'opaque', why: 'its rows come from a cursor named in text' }, 'cursor_to_xml cursor_to_xmlschema'],
  [CHANGES, 'pg_logical_slot_get_changes pg_logical_slot_peek_changes pg_logical_slot_get_binary_changes'],
  [CHANGES, 'pg_logical_slot_peek_binary_changes'],
];

/** Functions of well-known extensions, recognised by name in whatever schema they were put. */
const extensionGroups: readonly (readonly [FunctionEffect, string])[] = [
  [FOREIGN, 'postgres_fdw_get_connections postgres_fdw_disconnect postgres_fdw_disconnect_all'],
  [FOREIGN, 'http http_get http_post http_put http_patch http_delete http_head http_collect_response'],
  [FOREIGN, 'query_s3 query_export_to_s3 table_import_from_s3'],
  [{ kind: 'sql', argument: 0, also: 1 }, 'crosstab crosstab2 crosstab3 crosstab4 crosstabn'],
  [RUNS, 'connectby xpath_table pg_background_launch exec_sql execute_sql'],
  [PAGES, 'get_raw_page heap_page_items heap_page_item_attrs tuple_data_split bt_page_items gist_page_items'],
  [
    PAGES,
    'hash_page_items brin_page_items gin_leafpage_items pg_get_wal_record_info pg_get_wal_records_info',
  ],
  [PAGES, 'pg_get_wal_block_info lo_manage'],
  [MAINTAIN, 'pg_prewarm pg_stat_statements_reset pg_buffercache_evict pg_truncate_visibility_map'],
  [FILE_PATH, 'pg_file_write pg_file_read pg_file_unlink pg_file_rename pg_file_sync'],
];

/** Built-in functions that take a whole row, so that `x.name` can be a call that shows every column of `x`. */
export const ROW_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'to_json to_jsonb row_to_json quote_literal quote_nullable concat json_build_array jsonb_build_array array_agg ' +
    'json_agg jsonb_agg json_agg_strict jsonb_agg_strict any_value min max record_out record_send'
  ).split(' '),
);

/** Syntax of newer servers that an older one reads as a call of a function of this name. */
export const SYNTAX_FUNCTIONS: Readonly<Record<string, string>> = {
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
  JsonTable: 'json_table',
  MergeSupportFunc: 'merge_action',
};

/** What a built-in function does, or undefined when it only computes. */
export function builtInEffect(name: string): FunctionEffect | undefined {
  return BUILT_IN.get(name);
}

/** What a function of this name does wherever it lives, or undefined. */
export function extensionEffect(schema: string | null, name: string): FunctionEffect | undefined {
  if (name.startsWith('dblink')) return FOREIGN;
  if (schema === 'cron' || schema === 'pglogical') return RUNS;
  if (schema === 'net' || schema === 'aws_s3' || schema === 'aws_lambda' || schema === 'aws_commons')
    return FOREIGN;
  return EXTENSION.get(name);
}

function index(list: readonly (readonly [FunctionEffect, string])[]): ReadonlyMap<string, FunctionEffect> {
  return new Map(list.flatMap(([effect, names]) => names.split(' ').map((name) => [name, effect] as const)));
}

const BUILT_IN = index(groups);
const EXTENSION = index(extensionGroups);
