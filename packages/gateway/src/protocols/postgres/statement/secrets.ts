/** Relations of pg_catalog that hold secrets, or values of every table. One table of knowledge. */

/** A column list where only those columns do; null where all of it does. */
const SECRETS: ReadonlyMap<string, readonly string[] | null> = new Map([
  ['pg_authid', null],
  ['pg_shadow', null],
  ['pg_user_mapping', null],
  ['pg_user_mappings', null],
  // What ALTER ROLE … SET gave a role; a view for everyone over a catalog that is for the superuser.
  ['pg_roles', ['rolconfig']],
  ['pg_user', ['useconfig']],
  ['pg_hba_file_rules', null],
  ['pg_ident_file_mappings', null],
  ['pg_file_settings', null],
  ['pg_subscription', ['subconninfo']],
  ['pg_largeobject', null],
  ['pg_statistic', null],
  ['pg_statistic_ext_data', null],
  ['pg_stats', null],
  ['pg_stats_ext', null],
  ['pg_stats_ext_exprs', null],
]);

/** Columns of pg_settings that hold values. */
export const SETTING_VALUES: readonly string[] = ['setting', 'boot_val', 'reset_val'];

/** The columns of this relation that are secret, null for all, undefined for none. */
export function secretColumns(schema: string, name: string): readonly string[] | null | undefined {
  if (schema === 'information_schema') return name.includes('user_mapping') ? null : undefined;
  return schema === 'pg_catalog' ? SECRETS.get(name) : undefined;
}
