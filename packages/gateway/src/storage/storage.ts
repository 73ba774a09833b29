import { Kysely, PostgresDialect, sql } from 'kysely';
import type { Clock } from '../lib/clock.ts';
import { type AccessRequestTable, accessRequestTable } from './access-requests.ts';
import { type AccessWordTable, accessWordTable } from './access-words.ts';
import { type Bus, inProcessBus } from './bus.ts';
import { connectionSettings } from './connection.ts';
import { storageFault } from './fault.ts';
import { type GrantTable, grantTable } from './grants.ts';
import { type IdempotencyTable, idempotencyTable } from './idempotency.ts';
import { migrate } from './migrations.ts';
import { type NewestGroupsTable, newestGroupsTable } from './newest-groups.ts';
import { type PasskeyTable, passkeyTable } from './passkeys.ts';
import type { Place } from './place.ts';
import { sameAsSqlite } from './postgres.ts';
import { PostgresBus } from './postgres-bus.ts';
import { type ReviewTable, reviewTable } from './reviews.ts';
import { type RevocationTable, revocationTable } from './revocations.ts';
import type { PostgresStorageConfig, StorageConfig } from './section.ts';
import { type SessionTable, sessionTable } from './sessions.ts';
import { type SignInTable, signInTable } from './sign-ins.ts';
import { type SlackLinkTable, slackLinkTable } from './slack-links.ts';
import { sqliteDialect } from './sqlite.ts';
import { StorePool } from './store-pool.ts';
import type { Tables } from './tables.ts';
import { type TaskTokenTable, taskTokenTable } from './task-tokens.ts';

/** The store: an index of the audit log for people who look things up, and what gateways that share it tell each other. */
export interface Storage extends Place {
  readonly accessRequests: AccessRequestTable;
  readonly accessWords: AccessWordTable;
  readonly sessions: SessionTable;
  readonly revocations: RevocationTable;
  readonly newestGroups: NewestGroupsTable;
  readonly signIns: SignInTable;
  readonly bus: Bus;
  /** Whether the store answers, as far as is known; over PostgreSQL it is tried every second. */
  health(): StorageHealth;
  readonly taskTokens: TaskTokenTable;
  readonly grants: GrantTable;
  readonly reviews: ReviewTable;
  readonly idempotency: IdempotencyTable;
  readonly slackLinks: SlackLinkTable;
  readonly passkeys: PasskeyTable;
  /** Erases operation text and removes rows whose retention is over. Call it at start and then daily. */
  applyRetention(): Promise<void>;
  close(): Promise<void>;
}

export interface StorageHealth {
  readonly answers: boolean;
  /** Whether word of other gateways arrives at once. */
  readonly hears: boolean;
}

export interface StorageDependencies {
  readonly clock: Clock;
  /** Where `storage.postgres.password_env` is looked up. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** A fault nobody waits for. */
  readonly report?: (fault: unknown) => void;
}

/** How long it is remembered which groups a token had: older ones are hardly good any more. */
const NEWEST_GROUPS_DAYS = 7;

/** A store that is open and up to date. */
interface Opened {
  readonly db: Kysely<Tables>;
  readonly bus: Bus;
  health(): StorageHealth;
  close(): Promise<void>;
}

/** Opens the store and brings it up to date. Rejects with Fault `storage-unavailable`, or `config-invalid`. */
export async function openStorage(config: StorageConfig, deps: StorageDependencies): Promise<Storage> {
  const { postgres, replica } = config;
  const opened =
    postgres === undefined ? await openSqlite(config, deps) : await openPostgres(postgres, replica, deps);
  const { db, ...rest } = opened;
  const place = { replica, shared: postgres !== undefined };
  const accessRequests = accessRequestTable(db, place);
  const sessions = sessionTable(db, place);
  const signIns = signInTable(db);
  const grants = grantTable(db, place);
  const reviews = reviewTable(db, place);
  const taskTokens = taskTokenTable(db);
  const idempotency = idempotencyTable(db);
  const slackLinks = slackLinkTable(db);
  const newestGroups = newestGroupsTable(db);
  return {
    ...place,
    ...rest,
    accessRequests,
    accessWords: accessWordTable(db, place),
    sessions,
    idempotency,
    signIns,
    grants,
    reviews,
    taskTokens,
    slackLinks,
    passkeys: passkeyTable(db),
    revocations: revocationTable(db),
    newestGroups,
    applyRetention: async () => {
      const now = deps.clock.now();
      await accessRequests.eraseTextEndedBefore(now - days(config.operationTextDays));
      await accessRequests.removeEndedBefore(now - days(config.sessionDays));
      await signIns.removeExpired(now);
      await sessions.removeEndedBefore(now - days(config.sessionDays));
      await taskTokens.removeExpiredBefore(now);
      await grants.removeEndedBefore(now - days(config.sessionDays));
      await reviews.eraseTextClosedBefore(now - days(config.operationTextDays));
      await reviews.removeClosedBefore(now - days(config.sessionDays));
      await idempotency.removeBefore(now - days(1));
      await newestGroups.removeBefore(now - days(NEWEST_GROUPS_DAYS));
      await slackLinks.removeExpired(now);
    },
  };
}

async function openSqlite(
  { directory }: StorageConfig,
  { report = ignore }: StorageDependencies,
): Promise<Opened> {
  const db = new Kysely<Tables>({ dialect: sqliteDialect(directory) });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const health = { answers: true, hears: true };
  return { db, bus: inProcessBus(report), health: () => health, close: () => db.destroy() };
}

async function openPostgres(
  config: PostgresStorageConfig,
  replica: string,
  { environment = {}, report = ignore }: StorageDependencies,
): Promise<Opened> {
  const settings = connectionSettings(config, environment, `sallyport ${replica}`);
  await migratePostgres(config, environment);
  const pool = new StorePool(settings, config, () => performance.now());
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [sameAsSqlite] });
  const bus = new PostgresBus({
    settings,
    replica,
    report,
    schema: config.schema,
    notify: async (channel, payload) =>
      void (await sql`select pg_notify(${channel}, ${payload})`.execute(db)),
    seen: (answers) => pool.seen(answers),
  });
  try {
    await bus.start();
  } catch (error) {
    await db.destroy();
    throw storageFault('Could not use the store', error);
  }
  return {
    db,
    bus,
    health: () => ({ answers: pool.isReachable, hears: bus.isConnected }),
    close: async () => {
      await bus.close();
      await db.destroy();
    },
  };
}

/** On connections of its own, whose statements may take as long as a migration, or as another gateway's. */
async function migratePostgres(
  config: PostgresStorageConfig,
  environment: NonNullable<StorageDependencies['environment']>,
): Promise<void> {
  const settings = connectionSettings(
    { ...config, statementMs: config.migrationMs },
    environment,
    'sallyport migration',
  );
  const pool = new StorePool(settings, { connections: 2, idleMs: 1_000, waiting: 100 }, () =>
    performance.now(),
  );
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [sameAsSqlite] });
  try {
    await migrate(db, config.schema);
  } finally {
    await db.destroy();
  }
}

function ignore(): void {}

function days(count: number): number {
  return count * 86_400_000;
}
