/** Budgets on a real store: over sessions, descendants, restarts, crashes and gateways. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Identity } from '../identity/index.ts';
import { systemClock } from '../lib/clock.ts';
import { openStorage, type Storage, storageSection, type TaskTokenTable } from '../storage/index.ts';
import { createLedger, type Ledger } from './ledger.ts';

const PARENT = 'parent-parent-parent-1';
const CHILD = 'child-child-child-chil';

async function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-ledger-'));
  const opened: Storage[] = [];
  t.after(async () => {
    for (const one of opened) await one.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const faults: unknown[] = [];
  const open = async (
    wrap: (store: TaskTokenTable) => TaskTokenTable = (store) => store,
  ): Promise<Ledger> => {
    const storage = await openStorage(storageSection.parse({ directory }), { clock: systemClock });
    opened.push(storage);
    const report = (fault: unknown) => void faults.push(fault);
    return createLedger({ store: wrap(storage.taskTokens), clock: systemClock, report });
  };
  await open();
  const issue = async (
    id: string,
    budget: readonly [operations: number, rows: number, approvals: number],
  ) => {
    const [operations_limit, rows_limit, approvals_limit] = budget;
    await opened[0]?.taskTokens.issued({
      ...{ id, subject: 's', actor: null, task: 't', parent: null, issued_at: 1 },
      ...{ expires_at: Date.now() + 600_000, operations_limit, rows_limit, approvals_limit },
    });
  };
  const spent = async (id: string) => opened[0]?.taskTokens.find(id);
  return { open, issue, faults, spent };
}

const holder = (tokenId: string, ...ancestors: string[]) =>
  ({ tokenId, scope: { ancestors } }) as unknown as Identity;

async function takeAll(ledger: Ledger, identity: Identity, most = 1_000): Promise<number> {
  const budget = await ledger.open(identity);
  for (let taken = 0; taken < most; taken += 1) if ((await budget.take('operations')) !== null) return taken;
  return most;
}

test('a crash, or a restart, never leaves more than there was [task-tokens.restart]', async (t) => {
  const { open, issue } = await setUp(t);
  await issue(PARENT, [1_000, 0, 0]);
  assert.equal(await takeAll(await open(), holder(PARENT), 300), 300);
  // Nothing was put back: the gateway is simply gone. At most a block is lost.
  const crashed = await open();
  const left = (await crashed.open(holder(PARENT))).left().operations;
  assert.ok(left <= 700 && left >= 700 - 64, String(left));
  assert.equal(await takeAll(crashed, holder(PARENT), 100), 100);
  await crashed.close();
  const after = await takeAll(await open(), holder(PARENT));
  assert.equal(after, left - 100, 'a gateway that is stopped puts back what it did not spend');
  assert.equal(await takeAll(await open(), holder(PARENT)), 0);
});

test('a small budget is spent to the last, and not one further, over a crash [task-tokens.restart]', async (t) => {
  const { open, issue } = await setUp(t);
  await issue(PARENT, [5, 0, 0]);
  assert.equal(await takeAll(await open(), holder(PARENT), 2), 2);
  assert.equal(await takeAll(await open(), holder(PARENT)), 3);
});

test('two gateways on one store share a budget [task-tokens.restart]', async (t) => {
  const { open, issue } = await setUp(t);
  await issue(PARENT, [200, 0, 0]);
  const [one, two] = [await open(), await open()];
  const taken = await Promise.all([takeAll(one, holder(PARENT)), takeAll(two, holder(PARENT))]);
  assert.equal(
    taken.reduce((sum, count) => sum + count),
    200,
  );
});

test('what a child spends its parents spend, and neither goes over [task-tokens.descendants]', async (t) => {
  const { open, issue } = await setUp(t);
  await issue(PARENT, [10, 100, 1]);
  await issue(CHILD, [8, 100, 1]);
  const ledger = await open();
  const [parent, child] = [await ledger.open(holder(PARENT)), await ledger.open(holder(CHILD, PARENT))];
  for (let count = 0; count < 8; count += 1) assert.equal(await child.take('operations'), null);
  assert.deepEqual(await child.take('operations'), { kind: 'operations', most: 8, tokenId: CHILD });
  for (let count = 0; count < 2; count += 1) assert.equal(await parent.take('operations'), null);
  assert.deepEqual(await parent.take('operations'), { kind: 'operations', most: 10, tokenId: PARENT });
  assert.equal(child.takeRows(60), 60);
  assert.equal(parent.takeRows(60), 40);
  assert.equal(child.takeRows(1), 0);
  assert.equal(await child.take('approvals'), null);
  assert.deepEqual(await parent.take('approvals'), { kind: 'approvals', most: 1, tokenId: PARENT });
  await ledger.close();
});

test('all at once get no more than there is [task-tokens.budget]', async (t) => {
  const { open, issue } = await setUp(t);
  await issue(PARENT, [100, 100, 0]);
  await issue(CHILD, [90, 90, 0]);
  const ledger = await open();
  const taken = await Promise.all(
    Array.from({ length: 300 }, async (_, at) => {
      const budget = await ledger.open(at % 2 === 0 ? holder(PARENT) : holder(CHILD, PARENT));
      return (await budget.take('operations')) === null ? 1 : 0;
    }),
  );
  assert.equal(
    taken.reduce((sum: number, one) => sum + one, 0),
    100,
  );
});

test('rows that were delivered are in the store soon, and after a crash [task-tokens.restart, task-tokens.rows]', async (t) => {
  const { open, issue, spent } = await setUp(t);
  await issue(PARENT, [10, 100_000, 0]);
  const ledger = await open();
  const budget = await ledger.open(holder(PARENT));
  for (let chunk = 0; chunk < 50; chunk += 1) assert.equal(budget.takeRows(777), 777);
  await ledger.close();
  assert.equal((await spent(PARENT))?.rows_spent, 50 * 777);
  const next = await (await open()).open(holder(PARENT));
  assert.equal(next.takeRows(1_000_000), 100_000 - 50 * 777);
});

test('one that was not given out here is refused [task-tokens.own-issuer]', async (t) => {
  const { open } = await setUp(t);
  const ledger = await open();
  await assert.rejects(ledger.open(holder('unknown-unknown-unknow')), /no record of it/);
});

test('while the store cannot be asked, nothing is spent that was not claimed [task-tokens.ledger-closed]', async (t) => {
  const { open, issue, faults } = await setUp(t);
  await issue(PARENT, [20, 50_000, 0]);
  let fails = false;
  const ledger = await open((store) => ({
    ...store,
    claim: (...all) => (fails ? Promise.reject(new Error('the disk is gone')) : store.claim(...all)),
  }));
  const budget = await ledger.open(holder(PARENT));
  assert.equal(await budget.take('operations'), null);
  fails = true;
  await assert.rejects(async () => budget.take('operations'), /disk is gone/);
  assert.equal(budget.takeRows(10), 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(budget.takeRows(10), 0);
  await assert.rejects(async () => budget.take('operations'), /disk is gone/);
  assert.ok(faults.length > 0);
  fails = false;
  assert.equal(await budget.take('operations'), null, 'and it goes on when the store is there again');
  assert.equal(budget.takeRows(10), 10);
  assert.equal(budget.left().operations, 18);
});
