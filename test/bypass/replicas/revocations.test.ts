/** A revocation made at one gateway, and what could keep another from taking it over. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import {
  type Containment,
  containmentSection,
  openContainment,
} from '../../../packages/gateway/src/containment/index.ts';
import {
  type Identity,
  type IdentityRoom,
  PLAIN_TOKEN,
} from '../../../packages/gateway/src/identity/index.ts';
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
/** A door of this gateway, which whoever these are comes to. */
function door(room: Containment, ...tokens: readonly Identity[]) {
  const waiting = [...tokens];
  const provider = { authenticate: async () => waiting.shift() ?? GUARD };
  const guarded = room.guard(provider as unknown as IdentityRoom);
  return () => guarded.authenticate('token');
}

const asked = (value: string) => ({ kind: 'actor', value, reason: 'why', quarantine: false }) as const;

/** The containment of two gateways over one store. */
async function twoRooms(t: TestContext, wrap: (table: Storage['revocations']) => Storage['revocations']) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-revocations-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const faults: unknown[] = [];
  let count = 0;
  const open = async (replica: string, table: typeof wrap, clock = systemClock) => {
    const storage = await testStore(directory, { clock: systemClock }, { replica });
    t.after(() => storage.close());
    const deps = { clock, bus: storage.bus, targets: [], newestGroups: storage.newestGroups };
    const room = await openContainment({
      ...{ ...deps, config: containmentSection.parse({}), log: { publicKey: replica, size: 0 } },
      table: table(storage.revocations),
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
  let restarts = 2;
  const again = (clock = systemClock) => {
    restarts += 1;
    return open(`run-${restarts}`, (table) => table, clock);
  };
  const sql = (text: string) => server.query(`set search_path = ${schemaOf(directory)}; ${text}`);
  return { one, two, again, sql, faults };
}

test('a row that no gateway would write keeps no revocation after it from being in force [containment.replicas, replicas.hostile-store]', async (t) => {
  const { one, two, sql, faults } = await twoRooms(t, (table) => table);
  const insert = (at: number, id: string, kind: string, names: string) =>
    sql(
      `insert into revocation (id, kind, value, names, quarantine, reason, revoked_by, revoked_by_name, revoked_at, logged)
       values ('${id}', '${kind}', 'x', '${names}', 0, '', '', '', ${at}, 1)`,
    );
  await insert(1, 'rv-a', 'subject', '{');
  await insert(2, 'rv-b', 'weather', '["x"]');
  await insert(3, 'rv-c', 'actor', '7');
  // Told of by nobody, as by a gateway that stopped in between.
  await insert(4, 'rv-d', 'actor', '["untold"]');
  await two.refresh();
  assert.notEqual(two.objection({ identity: person('a', { actor: 'untold' }) }), null);
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
    find: (id) => {
      if (fails === 0) return table.find(id);
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

test('a gateway whose clock is ahead takes no revocation from those whose clocks are right [containment.replicas]', async (t) => {
  const { one, again } = await twoRooms(t, (table) => table);
  const leaked = person('alice', { tokenId: 'leaked', expiresAt: Date.now() + 60_000 });
  await door(one, leaked)();
  await one.revoke({ kind: 'token', value: 'leaked', reason: 'why', quarantine: false }, GUARD);
  const minutes = (count: number) => ({ ...systemClock, now: () => Date.now() + count * 60_000 });
  const ahead = await again(minutes(10));
  assert.equal(ahead.objection({ identity: leaked }), null, 'by that clock the token is long over');
  await assert.rejects(door(await again(), leaked)(), /was revoked/);
  // Nobody needs it the day after.
  await again(minutes(24 * 60 + 10));
  assert.deepEqual((await again()).list(), []);
});

test('a token’s revocation outlives the longest of those that its issuer gave one id [containment.tokens]', async (t) => {
  const { one } = await twoRooms(t, (table) => table);
  const now = Date.now();
  const lives = (seconds: number) =>
    person('alice', { issuerTokenId: 'main|j1', tokenId: `t${seconds}`, expiresAt: now + seconds * 1_000 });
  const enter = door(one, lives(3_600), lives(60));
  await enter();
  await enter();
  const revoking = { kind: 'token', value: 'main|j1', reason: 'why', quarantine: false } as const;
  const { revocation } = await one.revoke(revoking, GUARD);
  assert.ok((revocation.until ?? 0) > now + 3_600_000);
});

test('a group that a newer token has no more is gone at every gateway, and after a restart [containment.groups, containment.replicas, L6]', async (t) => {
  const { one, two, again, sql } = await twoRooms(t, (table) => table);
  const issued = (ago: number, groups: readonly string[], more: Partial<Identity> = {}) =>
    person('alice', { issuedAt: Date.now() - ago, groups, ...more });
  const older = issued(60_000, ['dba', 'staff']);
  const [same, agents, later] = [
    issued(50_000, ['staff']),
    issued(60_000, ['dba', 'staff'], { actor: 'bot' }),
    issued(0, ['staff', 'dba']),
  ];
  const ended: Identity[] = [];
  two.onGroupsLost((standsOnLost) => {
    const lost = [older, same, agents].filter((one) => !ended.includes(one) && standsOnLost(one));
    ended.push(...lost);
    return lost.length;
  });
  await door(two, older)();
  // The newer one is shown to the other gateway alone.
  await door(one, issued(30_000, ['staff']))();
  await eventually('what stands on the older one ends here', () => (ended.length > 0 ? true : undefined));
  assert.deepEqual(ended, [older], 'no other caller, and nobody who lost nothing');
  await assert.rejects(door(two, older)(), { code: 'credential-rejected', message: /newer token/ });
  assert.equal(await door(two, same)(), same);
  assert.equal(await door(two, agents)(), agents);
  const third = await again();
  await assert.rejects(door(third, older)(), { code: 'credential-rejected' });
  // What others write of the future, or what nobody would write, hides no loss.
  await sql('update newest_groups set issued_at = 4102444800000, groups = \'["dba","staff"]\'');
  await sql("insert into newest_groups values ('x', 1, '{')");
  const fourth = await again();
  await door(fourth, later)();
  await assert.rejects(door(fourth, issued(40_000, ['dba', 'staff', 'root']))(), {
    code: 'credential-rejected',
  });
});
