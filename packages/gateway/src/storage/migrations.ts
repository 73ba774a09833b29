import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Fault } from '../lib/fault.ts';
import type { Tables } from './tables.ts';

/** Forward only: a store made by a newer gateway is refused, never turned back. Names sort in the order they run. */
const migrations: Record<string, Migration> = {
  '0001-access-requests-and-sessions': { up: createFirstTables },
  '0002-task-tokens': { up: addTaskTokens },
  '0005-idempotency': { up: createIdempotency },
};

/** Brings the store to the newest form. Rejects with Fault `storage-unavailable`. */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    throw new Fault(
      'storage-unavailable',
      'Could not bring the embedded store up to date. It may be of a newer gateway: run that one, or move the store away.',
      { cause: error },
    );
  }
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
