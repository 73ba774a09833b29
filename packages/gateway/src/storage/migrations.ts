import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Fault } from '../lib/fault.ts';
import type { Tables } from './tables.ts';

/** Forward only: a store made by a newer gateway is refused, never turned back. Names sort in the order they run. */
const migrations: Record<string, Migration> = {
  '0001-access-requests-and-sessions': { up: createFirstTables },
  '0003-grants-and-reviews': { up: addGrantsAndReviews },
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
    .execute();
  for (const [name, table, column] of [
    ['access_grant_by_time', 'access_grant', 'granted_at'],
    ['review_by_time', 'review', 'opened_at'],
  ] as const)
    await db.schema.createIndex(name).on(table).columns([column, 'id']).execute();
}
