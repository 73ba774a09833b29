/** An approval by somebody who lost the group since, which only another gateway saw. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { asking, identity, openRoom } from '../../../packages/gateway/src/approval/room.fixture.ts';
import { containmentSection, openContainment } from '../../../packages/gateway/src/containment/index.ts';
import type { IdentityRoom } from '../../../packages/gateway/src/identity/index.ts';
import { systemClock } from '../../../packages/gateway/src/lib/clock.ts';
import { contain } from '../../../packages/gateway/src/wiring/index.ts';
import type { PostgresServer } from '../../fixtures/postgres-server.ts';
import { eventually } from '../../fixtures/raw-postgres.ts';
import { storesOnPostgres, testStore } from '../../fixtures/store.ts';

let server: PostgresServer;
before(async () => {
  server = await storesOnPostgres();
});
after(() => server.stop());

test('who was seen at one gateway without the group they approved with counts at no other [approval.withdrawn, containment.replicas]', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-approver-'));
  const open = async (replica: string) => {
    const storage = await testStore(directory, { clock: systemClock }, { replica });
    const containment = await openContainment({
      ...{ config: containmentSection.parse({}), clock: systemClock, bus: storage.bus, targets: [] },
      ...{
        table: storage.revocations,
        newestGroups: storage.newestGroups,
        directory: join(directory, replica),
      },
      ...{ log: { publicKey: replica, size: 0 }, random: () => replica, report: () => undefined },
      audit: { append: () => undefined, synced: async () => undefined },
    });
    return { storage, containment };
  };
  const [one, two] = [await open('one'), await open('two')];
  const { room, close } = await openRoom({ storage: two.storage, directory });
  t.after(async () => {
    await one.storage.close();
    await close();
    rmSync(directory, { recursive: true, force: true });
  });
  const others = { sessions: { endWhere: () => 0 }, signIn: {}, report: () => undefined };
  contain(two.containment, { ...others, approvals: room } as unknown as Parameters<typeof contain>[1]);
  const seen = (at: typeof one, who: typeof bob) =>
    at.containment.guard({ authenticate: async () => who } as unknown as IdentityRoom).authenticate('token');
  const bob = identity('bob', { groups: ['dba', 'staff'], issuedAt: Date.now() - 60_000 });
  const carol = identity('carol', { groups: ['dba', 'staff'], issuedAt: Date.now() - 60_000 });
  const { id } = room.open(asking({ requirements: [{ group: 'dba', seats: 3 }] }));
  for (const one of [bob, carol]) {
    await seen(two, one);
    await room.approve(id, one);
  }
  const counting = async () =>
    (await room.get(id, carol)).decisions
      .filter((said) => said.withdrawnAt === null)
      .map((said) => said.approver);
  // A group that has nothing to do with it changes nothing.
  await seen(one, { ...carol, issuedAt: Date.now() - 1_000, groups: ['dba'] });
  await seen(one, { ...bob, issuedAt: Date.now(), groups: ['staff'] });
  await eventually('his word counts no more', async () =>
    (await counting()).includes(bob.subject) ? undefined : true,
  );
  assert.deepEqual(await counting(), [carol.subject]);
});
