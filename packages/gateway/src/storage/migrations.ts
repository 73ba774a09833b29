import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Fault } from '../lib/fault.ts';
import { storageFault } from './fault.ts';
import type { Tables } from './tables.ts';

/** Forward only: a store made by a newer gateway is refused, never turned back. Names sort in the order they run. */
const migrations: Record<string, Migration> = {
  '0001-access-requests-and-sessions': { up: createFirstTables },
  '0002-task-tokens': { up: addTaskTokens },
  '0003-grants-and-reviews': { up: addGrantsAndReviews },
  '0005-idempotency': { up: createIdempotency },
  '0006-logins': { up: createSignInTables },
  '0007-replicas': { up: addReplicas },
  '0008-revocations': { up: createRevocations },
  '0009-slack-links-and-passkeys': { up: createLinksAndPasskeys },
  '0010-sealed-links-and-passkeys': { up: sealLinksAndPasskeys },
  '0011-grant-kinds': { up: addGrantKinds },
  '0012-newest-groups': { up: createNewestGroups },
};

/**
 * Brings the store to the newest form, one gateway at a time. Rejects with Fault `storage-unavailable`.
 * `schema` is the PostgreSQL schema that everything is in; SQLite has none.
 */
export async function migrate(db: Kysely<Tables>, schema?: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
  try {
    await refuseNewer(db, schema);
    const { error } = await migrator.migrateToLatest();
    // Another gateway, a newer one, may have been first.
    if (error !== undefined) await refuseNewer(db, schema);
    if (error !== undefined) throw error;
  } catch (error) {
    throw storageFault('Could not bring the store up to date', error);
  }
}

/** Throws when a migration ran that this gateway does not know. */
async function refuseNewer(db: Kysely<Tables>, schema: string | undefined): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  const ran = tables.some(({ name, schema: its }) => name === 'kysely_migration' && (schema ?? its) === its);
  if (!ran) return;
  const rows = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = rows.rows.find(({ name }) => !Object.hasOwn(migrations, name));
  if (unknown === undefined) return;
  throw new Fault(
    'storage-unavailable',
    `Could not use the store: it is of a newer gateway (it has "${unknown.name.slice(0, 80)}"). Run that one, or another store.`,
  );
}

async function createFirstTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('access_request')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('actor', 'text')
    .addColumn('task', 'text')
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('text', 'text')
    .addColumn('form', 'text', (column) => column.notNull())
    .addColumn('parameters', 'text')
    .addColumn('requirements', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('redeemed_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('access_request_by_time')
    .on('access_request')
    .columns(['created_at', 'id'])
    .execute();
  await db.schema
    .createTable('access_decision')
    .addColumn('request_id', 'text', (column) =>
      column.notNull().references('access_request.id').onDelete('cascade'),
    )
    .addColumn('seat', 'integer', (column) => column.notNull())
    .addColumn('approver', 'text', (column) => column.notNull())
    .addColumn('approver_name', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('decided_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('access_decision_key', ['request_id', 'seat'])
    .execute();
  await db.schema
    .createTable('session')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('actor', 'text')
    .addColumn('task', 'text')
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('facet', 'text', (column) => column.notNull())
    .addColumn('protocol', 'text', (column) => column.notNull())
    .addColumn('client', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('ended_reason', 'text')
    .addColumn('recording', 'text')
    .addColumn('operations', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.createIndex('session_by_time').on('session').columns(['started_at', 'id']).execute();
}

async function createRevocations(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('revocation')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('names', 'text', (column) => column.notNull())
    .addColumn('quarantine', 'integer', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('revoked_by', 'text', (column) => column.notNull())
    .addColumn('revoked_by_name', 'text', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint')
    .addColumn('lifted_at', 'bigint')
    .addColumn('logged', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('revocation_place')
    .addColumn('log', 'text', (column) => column.primaryKey())
    .addColumn('next', 'bigint', (column) => column.notNull())
    .execute();
}

async function addTaskTokens(db: Kysely<unknown>): Promise<void> {
  for (const table of ['access_request', 'session']) {
    await db.schema.alterTable(table).addColumn('token_id', 'text').execute();
    await db.schema.alterTable(table).addColumn('delegation', 'text').execute();
  }
  await db.schema
    .createTable('task_token')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('actor', 'text')
    .addColumn('task', 'text', (column) => column.notNull())
    .addColumn('parent', 'text')
    .addColumn('issued_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('operations_limit', 'bigint', (column) => column.notNull())
    .addColumn('rows_limit', 'bigint', (column) => column.notNull())
    .addColumn('approvals_limit', 'bigint', (column) => column.notNull())
    .addColumn('operations_spent', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('rows_spent', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('approvals_spent', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.createIndex('task_token_by_expiry').on('task_token').columns(['expires_at']).execute();
}

async function createSignInTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sign_in_ticket')
    .addColumn('id_hash', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('sign_in_session')
    .addColumn('id_hash', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('sign_in_session_by_subject')
    .on('sign_in_session')
    .columns(['subject', 'created_at'])
    .execute();
  await db.schema
    .createTable('saml_assertion')
    .addColumn('id_hash', 'text', (column) => column.primaryKey())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createIdempotency(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('idempotency')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('request', 'text', (column) => column.notNull())
    .addColumn('status', 'integer')
    .addColumn('answer', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('idempotency_by_caller')
    .on('idempotency')
    .columns(['caller', 'created_at'])
    .execute();
  await db.schema.createIndex('idempotency_by_time').on('idempotency').columns(['created_at']).execute();
}

/** Several gateways over one store: whose each row is, and what one asks of another. */
/** Grants from before have none, and so no seal that fits: they grant nothing. */
async function addGrantKinds(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('access_grant')
    .addColumn('kind', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}

async function createNewestGroups(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('newest_groups')
    .addColumn('caller', 'text', (column) => column.primaryKey())
    .addColumn('issued_at', 'bigint', (column) => column.notNull())
    .addColumn('groups', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('newest_groups_by_time').on('newest_groups').column('issued_at').execute();
}

async function addReplicas(db: Kysely<unknown>): Promise<void> {
  for (const table of ['session', 'access_request']) {
    await db.schema
      .alterTable(table)
      .addColumn('replica', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
    await db.schema.createIndex(`${table}_by_replica`).on(table).columns(['replica', 'ended_at']).execute();
  }
  await db.schema.alterTable('access_request').addColumn('requester', 'text').execute();
  await db.schema
    .createTable('session_end')
    .addColumn('session_id', 'text', (column) =>
      column.primaryKey().references('session.id').onDelete('cascade'),
    )
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('asked_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('access_word')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('request_id', 'text', (column) =>
      column.notNull().references('access_request.id').onDelete('cascade'),
    )
    .addColumn('approver', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('shown', 'text', (column) => column.notNull())
    .addColumn('asked_at', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('answer', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  await db.schema.createIndex('access_word_by_request').on('access_word').columns(['request_id']).execute();
}

async function createLinksAndPasskeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('slack_link')
    .addColumn('team_id', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('groups', 'text', (column) => column.notNull())
    .addColumn('aliases', 'text', (column) => column.notNull())
    .addColumn('linked_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('slack_link_key', ['team_id', 'user_id'])
    .execute();
  await db.schema
    .createTable('passkey')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .addColumn('transports', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  // What a word that is said on another gateway came through.
  await db.schema.alterTable('access_word').addColumn('through', 'text').execute();
  await db.schema.createIndex('passkey_by_subject').on('passkey').columns(['subject']).execute();
}

/** Rows from before have no seal, and count as none: nobody knows who wrote them. */
async function sealLinksAndPasskeys(db: Kysely<unknown>): Promise<void> {
  for (const table of ['slack_link', 'passkey'])
    await db.schema
      .alterTable(table)
      .addColumn('mac', 'text', (column) => column.notNull().defaultTo(''))
      .execute();
}

async function addGrantsAndReviews(db: Kysely<unknown>): Promise<void> {
  const requests = () => db.schema.alterTable('access_request');
  await requests()
    .addColumn('mode', 'text', (column) => column.notNull().defaultTo('hold'))
    .execute();
  await requests().addColumn('shown', 'text').execute();
  const decisions = () => db.schema.alterTable('access_decision');
  await decisions().addColumn('grant_ms', 'bigint').execute();
  await decisions().addColumn('withdrawn_at', 'bigint').execute();
  await db.schema
    .createTable('access_grant')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('actor', 'text')
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('approvals', 'text', (column) => column.notNull())
    .addColumn('approvers', 'text', (column) => column.notNull())
    .addColumn('aliases', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('granted_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('ended_why', 'text')
    .addColumn('uses', 'integer', (column) => column.notNull())
    .addColumn('mac', 'text', (column) => column.notNull())
    .addColumn('replica', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('review')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('aliases', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('text', 'text')
    .addColumn('form', 'text', (column) => column.notNull())
    .addColumn('parameters', 'text')
    .addColumn('requirements', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('shown', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'bigint', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('overdue_at', 'bigint')
    .addColumn('closed_at', 'bigint')
    .addColumn('closed_by', 'text')
    .addColumn('closed_by_name', 'text')
    .addColumn('verdict', 'text')
    .addColumn('words', 'text')
    .addColumn('replica', 'text', (column) => column.notNull())
    .execute();
  for (const [name, table, column] of [
    ['access_grant_by_time', 'access_grant', 'granted_at'],
    ['review_by_time', 'review', 'opened_at'],
  ] as const)
    await db.schema.createIndex(name).on(table).columns([column, 'id']).execute();
}
