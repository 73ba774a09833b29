/** Whatever changes while an operation is judged, nothing is permitted that should not be. */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { TargetConnection } from '@sallyport/connector';
import { regate } from '../../../packages/gateway/src/data-path/index.ts';
import { judge } from '../../../packages/gateway/src/data-path/judge.ts';
import { serve } from '../../../packages/gateway/src/data-path/serve.ts';
import type { Decision } from '../../../packages/gateway/src/policy/index.ts';
import type { Caller, Denial, Outcome, Protocol } from '../../../packages/gateway/src/protocols/protocol.ts';
import { gate, IDENTITY, operation, permitUnder, requestableUnder, stagedHouse } from './staged-house.ts';

function codeOf(outcome: Outcome): string {
  return outcome.effect === 'permit' ? 'permit' : outcome.refusal.denial.code;
}

const permits = (entries: readonly { effect?: string; form?: string }[]): number =>
  entries.filter(({ effect, form }) => effect === 'permit' && form === 'select $1').length;

test('a session that ends while its operation is judged gets no permit [data-path.ended, L6]', async () => {
  const staged = stagedHouse();
  const judging = gate<Decision>();
  staged.decide = judging.wait;
  const outcome = staged.submit();
  await judging.reached;
  staged.session.end('session-ended', 'revoked', '');
  judging.open(permitUnder('v1'));
  assert.equal(codeOf(await outcome), 'session-ended');
  assert.equal(permits(staged.entries), 0);
});

test('a session that ends while its entry goes to disk gets no permit [data-path.ended, L6]', async () => {
  const staged = stagedHouse();
  const syncing = gate<undefined>();
  staged.synced = syncing.wait;
  const outcome = staged.submit(operation(true));
  await syncing.reached;
  staged.session.end('session-ended', 'revoked', '');
  syncing.open(undefined);
  assert.equal(codeOf(await outcome), 'session-ended');
});

test('a permit of a policy that was replaced meanwhile is worth nothing [data-path.policy-race, L6]', async () => {
  const staged = stagedHouse();
  const judging = gate<Decision>();
  staged.decide = judging.wait;
  const outcome = staged.submit();
  await judging.reached;
  staged.version = 'v2';
  judging.open(permitUnder('v1'));
  assert.equal(codeOf(await outcome), 'forbidden');
  assert.equal(permits(staged.entries), 0);
});

test('an approval does not survive a policy change during the decision it leads to [data-path.policy-race, L3]', async () => {
  const staged = stagedHouse();
  const judging = gate<Decision>();
  staged.decide = (approved) =>
    approved.length === 0 ? Promise.resolve(requestableUnder(staged.version)) : judging.wait();
  const outcome = staged.submit();
  await judging.reached;
  assert.equal(staged.redeemed, 1);
  staged.version = 'v2';
  judging.open(permitUnder('v2'));
  assert.equal(codeOf(await outcome), 'access-request-expired');
  assert.equal(permits(staged.entries), 0);
});

test('an approval that arrives with the client gone is not used [data-path.gone, L3]', async () => {
  const staged = stagedHouse();
  const gone = new AbortController();
  staged.decide = async (approved) => (approved.length === 0 ? requestableUnder('v1') : permitUnder('v1'));
  staged.people = async () => {
    gone.abort();
    return { state: 'approved', approvals: [{ group: 'approvers', seats: 1 }], by: ['approver'] };
  };
  assert.equal(codeOf(await staged.submit(operation(), gone.signal)), 'access-request-cancelled');
  assert.equal(staged.redeemed, 0);
});

test('a decision point that throws, at once or later, is a deny with its entry [data-path.broken, L2]', async () => {
  for (const broken of [
    () => Promise.reject(new Error('out of memory')),
    () => {
      throw new Error('trap');
    },
  ]) {
    const staged = stagedHouse();
    staged.decide = broken;
    assert.equal(codeOf(await staged.submit()), 'undetermined');
    assert.equal(staged.entries.at(-1)?.effect, 'deny');
    assert.equal(staged.faults.length, 1);
  }
});

test('a hold that cannot be told to the client leaves nothing waiting for people [data-path.broken, L2]', async () => {
  const staged = stagedHouse();
  let cancelled = 0;
  staged.decide = async () => requestableUnder('v1');
  Object.assign(staged.house.approvals, {
    open: () => ({
      id: 'ar-1',
      expiresAt: 0,
      ended: new Promise(() => undefined),
      cancel: () => {
        cancelled += 1;
      },
      redeem: () => true,
    }),
  });
  const outcome = await judge(staged.session, operation(), {
    held: () => {
      throw new Error('the client is gone');
    },
    signal: new AbortController().signal,
  });
  assert.equal(codeOf(outcome), 'undetermined');
  assert.equal(cancelled, 1);
});

/** A protocol that asks for nothing: it says whether its session came to life. */
function toy(said: { relayed: boolean; refused: Denial | null }): Protocol {
  const caller = {
    ...{ credential: 'x', target: 'db', facet: '', secure: true, client: '', startup: {} },
    refuse: (denial: Denial) => {
      said.refused = denial;
    },
    relay: async () => {
      said.relayed = true;
    },
  } satisfies Caller;
  return { name: 'toy', rollBacks: [], accept: async () => caller, transcribe: () => [] };
}

test('a policy that forbids connecting also ends the session that is just logging in [data-path.admission, L6]', async () => {
  const staged = stagedHouse();
  const dialling = gate<TargetConnection>();
  Object.assign(staged.house.connector, { open: dialling.wait });
  const said = { relayed: false, refused: null as Denial | null };
  const served = serve(new Socket(), toy(said), staged.house);
  await dialling.reached;
  staged.version = 'v2';
  staged.decide = async () => ({ ...requestableUnder('v2'), approvals: null }) as Decision;
  await regate(staged.house);
  dialling.open({ facts: {}, close: () => undefined } as unknown as TargetConnection);
  await served;
  assert.equal(said.relayed, false);
  assert.equal(said.refused?.code, 'session-ended');
});

test('a revocation finds the session that is just logging in [data-path.admission, L6]', async () => {
  const staged = stagedHouse();
  const dialling = gate<TargetConnection>();
  Object.assign(staged.house.connector, { open: dialling.wait });
  const said = { relayed: false, refused: null as Denial | null };
  const served = serve(new Socket(), toy(said), staged.house);
  await dialling.reached;
  assert.equal(
    staged.house.sessions.endWhere(({ identity }) => identity.subject === IDENTITY.subject, 'quarantine'),
    1,
  );
  dialling.open({ facts: {}, close: () => undefined } as unknown as TargetConnection);
  await served;
  assert.equal(said.relayed, false);
  assert.equal(said.refused?.reason, 'quarantine');
  assert.deepEqual(staged.house.sessions.all(), []);
});

test('a session that cannot be judged again is ended [data-path.broken, L2, L6]', async () => {
  const staged = stagedHouse();
  staged.house.sessions.add(staged.session);
  staged.version = 'v2';
  staged.decide = () => Promise.reject(new Error('trap'));
  await regate(staged.house);
  assert.equal(staged.session.ending?.code, 'session-ended');
});

test('a thousand holds leave no trace in their session [data-path.listeners, L10]', async () => {
  const staged = stagedHouse();
  staged.decide = async () => requestableUnder('v1');
  staged.people = async () => ({ state: 'expired' });
  let listening = 0;
  const onEnd = staged.session.onEnd.bind(staged.session);
  staged.session.onEnd = (listener) => {
    listening += 1;
    const forget = onEnd(listener);
    return () => {
      listening -= 1;
      forget();
    };
  };
  for (let count = 0; count < 1_000; count += 1) await staged.submit();
  assert.equal(listening, 0);
});

test('a grant that ends while an operation is decided on it permits nothing [approval.grant-ends, L6]', async () => {
  const staged = stagedHouse();
  const standing = {
    group: 'approvers',
    seats: 1,
    standing: { kind: 'grant', id: 'gr-1', scope: new Set<string>(), ageMs: 0 },
  } as const;
  let granted: readonly (typeof standing)[] = [standing];
  const used: string[] = [];
  Object.assign(staged.house.approvals, {
    standing: () => granted,
    used: (ids: string[]) => void used.push(...ids),
  });
  const onGrant = { ...permitUnder('v1'), evidence: [{ kind: 'grant', id: 'gr-1' }] } as Decision;
  const judging = gate<Decision>();
  staged.decide = (approved) =>
    approved.length === 0 ? Promise.resolve(requestableUnder('v1')) : judging.wait();
  const outcome = staged.submit();
  await judging.reached;
  granted = [];
  judging.open(onGrant);
  assert.equal(codeOf(await outcome), 'forbidden');
  assert.equal(permits(staged.entries), 0);
  assert.deepEqual(used, []);
  // While it stands, the use is on record by its name.
  granted = [standing];
  staged.decide = async (approved) => (approved.length === 0 ? requestableUnder('v1') : onGrant);
  assert.equal(codeOf(await staged.submit()), 'permit');
  assert.deepEqual([used, staged.entries.at(-1)?.facts?.grants], [['gr-1'], ['gr-1']]);
});
