/** A revocation made at one gateway, and what could keep another from taking it over. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { containmentSection, openContainment } from '../../../packages/gateway/src/containment/index.ts';
import { type Identity, PLAIN_TOKEN } from '../../../packages/gateway/src/identity/index.ts';
import { systemClock } from '../../../packages/gateway/src/lib/clock.ts';
import type { Storage } from '../../../packages/gateway/src/storage/index.ts';
import type { PostgresServer } from '../../fixtures/postgres-server.ts';
import { eventually } from '../../fixtures/raw-postgres.ts';
import { schemaOf, storesOnPostgres, testStore } from '../../fixtures/store.ts';

let server: PostgresServer;
before(async () => {
  server = await storesOnPostgres();
});
after(() => server.stop());

const person = (name: string, more: Partial<Identity> = {}): Identity => ({
  ...{ subject: `main|${name}`, displayName: name, groups: [], actor: null, task: null, kind: 'person' },
  ...{ expiresAt: Date.now() + 60_000, aliases: [`main|${name}`] },
  ...PLAIN_TOKEN,
  subjectAliases: [`main|${name}`],
  ...more,
});
const GUARD = person('guard');
const asked = (value: string) => ({ kind: 'actor', value, reason: 'why', quarantine: false }) as const;

/** The containment of two gateways over one store. */
async function twoRooms(t: TestContext, wrap: (table: Storage['revocations']) => Storage['revocations']) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-revocations-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const faults: unknown[] = [];
  let count = 0;
  const open = async (replica: string, table: typeof wrap) => {
    const storage = await testStore(directory, { clock: systemClock }, { replica });
    t.after(() => storage.close());
    const deps = { clock: systemClock, bus: storage.bus, targets: [], table: table(storage.revocations) };
    const room = await openContainment({
      ...{ ...deps, config: containmentSection.parse({}), log: { publicKey: replica, size: 0 } },
      audit: { append: () => undefined, synced: async () => undefined },
      directory: join(directory, replica),
      random: () => {
        count += 1;
        return `${replica}${count}`;
      },
      report: (fault) => void faults.push(fault),
    });
    return room;
  };
  const [one, two] = [await open('one', (table) => table), await open('two', wrap)];
  const sql = (text: string) => server.query(`set search_path = ${schemaOf(directory)}; ${text}`);
  return { one, two, sql, faults };
}

test('a row that no gateway would write keeps no revocation after it from being in force [containment.replicas, replicas.hostile-store]', async (t) => {
  const { one, two, sql, faults } = await twoRooms(t, (table) => table);
  for (const [id, kind, names] of [
    ['rv-a', 'subject', '{'],
    ['rv-b', 'weather', '["x"]'],
    ['rv-c', 'actor', '7'],
  ])
    await sql(
      `insert into revocation (id, kind, value, names, quarantine, reason, revoked_by, revoked_by_name, revoked_at, logged)
       values ('${id}', '${kind}', 'x', '${names}', 0, '', '', '', 1, 1)`,
    );
  await one.revoke(asked('bot'), GUARD);
  await eventually('it is in force there', () =>
    two.objection({ identity: person('a', { actor: 'bot' }) }) === null ? undefined : true,
  );
  assert.ok(faults.some((fault) => /rv-a in the store cannot be understood/.test(String(fault))));
});

test('a revocation that could not be read when it was told of is read within seconds, not at the next sweep [containment.replicas, storage.bus]', async (t) => {
  let fails = 0;
  const { one, two } = await twoRooms(t, (table) => ({
    ...table,
    all: () => {
      if (fails === 0) return table.all();
      fails -= 1;
      return Promise.reject(new Error('the connection was lost'));
    },
  }));
  fails = 1;
  await one.revoke(asked('bot'), GUARD);
  await eventually('it is in force there', () =>
    two.objection({ identity: person('a', { actor: 'bot' }) }) === null ? undefined : true,
  );
  assert.equal(fails, 0);
});

test('a token’s revocation outlives the longest of those that its issuer gave one id [containment.tokens]', async (t) => {
  const { one } = await twoRooms(t, (table) => table);
  const now = Date.now();
  const lives = (seconds: number) =>
    person('alice', { issuerTokenId: 'main|j1', tokenId: `t${seconds}`, expiresAt: now + seconds * 1_000 });
  const seen = [lives(3_600), lives(60)];
  const guarded = one.guard({
    authenticate: async () => seen.shift() ?? GUARD,
  } as unknown as Parameters<typeof one.guard>[0]);
  await guarded.authenticate('first');
  await guarded.authenticate('second');
  const revoking = { kind: 'token', value: 'main|j1', reason: 'why', quarantine: false } as const;
  const { revocation } = await one.revoke(revoking, GUARD);
  assert.ok((revocation.until ?? 0) > now + 3_600_000);
});
