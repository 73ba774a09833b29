import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Fault } from '../lib/fault.ts';
import type { Tables } from './tables.ts';

/** Forward only: a store made by a newer gateway is refused, never turned back. Names sort in the order they run. */
const migrations: Record<string, Migration> = {
  '0001-access-requests-and-sessions': { up: createFirstTables },
  '0004-revocations': { up: createRevocations },
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
