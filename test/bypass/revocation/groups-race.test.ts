/** A group that is lost while a session is being opened on the older token, between the door and the registry. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { containmentSection, openContainment } from '../../../packages/gateway/src/containment/index.ts';
import type { IdentityRoom } from '../../../packages/gateway/src/identity/index.ts';
import { systemClock } from '../../../packages/gateway/src/lib/clock.ts';
import { testStore } from '../../fixtures/store.ts';
import { IDENTITY, stagedHouse } from '../data-path/staged-house.ts';

test('a session that was being opened on an older token when a group was lost permits nothing [containment.groups, L6]', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-groups-'));
  const storage = await testStore(directory, { clock: systemClock });
  t.after(async () => {
    await storage.close();
    rmSync(directory, { recursive: true });
  });
  const room = await openContainment({
    ...{ config: containmentSection.parse({}), clock: systemClock, bus: storage.bus, targets: [] },
    ...{ table: storage.revocations, newestGroups: storage.newestGroups, directory },
    ...{ log: { publicKey: 'key', size: 0 }, random: () => '1', report: () => undefined },
    audit: { append: () => undefined, synced: async () => undefined },
  });
  const staged = stagedHouse();
  Object.assign(staged.house, { containment: room });
  const newer = { ...IDENTITY, issuedAt: IDENTITY.issuedAt + 1_000, groups: [] };
  const tokens = [IDENTITY, newer];
  const door = room.guard({
    authenticate: async () => tokens.shift() ?? IDENTITY,
  } as unknown as IdentityRoom);
  // Let in, and not to be found among the sessions yet.
  assert.equal(await door.authenticate('older'), staged.session.identity);
  assert.equal((await staged.submit()).effect, 'permit');
  await door.authenticate('newer');
  const outcome = await staged.submit();
  assert.equal(outcome.effect, 'deny');
  assert.match(outcome.effect === 'deny' ? outcome.refusal.denial.reason : '', /fewer groups/);
});
