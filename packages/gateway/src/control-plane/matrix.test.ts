import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type RouteName, routes, routeTable } from '@sallyport/contract';
import { systemClock } from '../lib/clock.ts';
import { openAuthorization } from './authorization.ts';
import { type House, startHouse } from './control-plane.fixture.ts';
import { controlPlaneSection } from './section.ts';

const roles = {
  nobody: null,
  forged: null,
  requester: { subject: 'alice', actor: 'agent-7' },
  owner: { subject: 'alice' },
  otherAgent: { subject: 'alice', actor: 'agent-8' },
  approver: { subject: 'bob' },
  approversAgent: { subject: 'bob', actor: 'agent-9' },
  auditor: { subject: 'dave' },
  auditorsAgent: { subject: 'dave', actor: 'agent-9' },
  machine: { subject: 'reporter' },
  operator: { subject: 'carol' },
  operatorsAgent: { subject: 'carol', actor: 'agent-9' },
  admin: { subject: 'erin' },
  /** A machine in every group there is. */
  groupedMachine: { subject: 'collector' },
} as const;
type Role = keyof typeof roles;

/** The authorization table: the status of each route for each role, on an access request and a session of alice's agent. */
const expected: Record<RouteName, Record<Role, number>> = {
  health: row(200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  ready: row(200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  openApi: row(200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  roomHealth: row(401, 401, 403, 403, 403, 403, 403, 200, 403, 403, 200, 403, 200, 403),
  metrics: row(401, 401, 403, 403, 403, 403, 403, 200, 403, 403, 200, 403, 200, 403),
  listAccessRequests: row(401, 401, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  getAccessRequest: row(401, 401, 200, 200, 404, 200, 404, 404, 404, 404, 200, 404, 404, 404),
  approve: row(401, 401, 403, 403, 404, 200, 404, 404, 404, 404, 200, 404, 404, 404),
  deny: row(401, 401, 403, 403, 404, 200, 404, 404, 404, 404, 200, 404, 404, 404),
  cancelAccessRequest: row(401, 401, 200, 200, 404, 403, 404, 404, 404, 404, 403, 404, 404, 404),
  accessRequestTask: row(401, 401, 200, 200, 404, 200, 404, 404, 404, 404, 200, 404, 404, 404),
  listGrants: row(401, 401, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  revokeGrant: row(401, 401, 200, 200, 404, 200, 404, 404, 404, 404, 200, 404, 200, 404),
  listReviews: row(401, 401, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  getReview: row(401, 401, 404, 200, 404, 200, 404, 200, 404, 404, 200, 404, 200, 404),
  closeReview: row(401, 401, 404, 403, 404, 200, 404, 404, 404, 404, 200, 404, 404, 404),
  listSessions: row(401, 401, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  getSession: row(401, 401, 200, 200, 404, 404, 404, 200, 404, 404, 200, 404, 200, 404),
  endSession: row(401, 401, 403, 200, 404, 404, 404, 403, 404, 404, 200, 404, 200, 404),
  endSessions: row(401, 401, 403, 403, 403, 403, 403, 403, 403, 403, 200, 403, 200, 403),
  revoke: row(401, 401, 403, 403, 403, 403, 403, 403, 403, 403, 200, 403, 200, 403),
  listRevocations: row(401, 401, 403, 403, 403, 403, 403, 200, 403, 403, 200, 403, 200, 403),
  liftRevocation: row(401, 401, 403, 403, 403, 403, 403, 403, 403, 403, 200, 403, 200, 403),
  rotateTokenKey: row(401, 401, 403, 403, 403, 403, 403, 403, 403, 403, 200, 403, 200, 403),
  listExports: row(401, 401, 403, 403, 403, 403, 403, 200, 403, 403, 200, 403, 200, 403),
  recording: row(401, 401, 403, 403, 404, 404, 404, 200, 404, 404, 403, 404, 403, 404),
  holdRecording: row(401, 401, 403, 403, 404, 404, 404, 200, 404, 404, 403, 404, 403, 404),
  releaseRecording: row(401, 401, 403, 403, 404, 404, 404, 200, 404, 404, 403, 404, 403, 404),
  // The body of these tests is none of theirs: 400 is what whoever may ask gets.
  stepUp: row(401, 401, 403, 403, 404, 400, 404, 404, 404, 404, 400, 404, 404, 404),
  listPasskeys: row(401, 401, 403, 200, 403, 200, 403, 200, 403, 403, 200, 403, 200, 403),
  passkeyChallenge: row(401, 401, 403, 400, 403, 400, 403, 400, 403, 403, 400, 403, 400, 403),
  beginRegistration: row(401, 401, 403, 400, 403, 400, 403, 400, 403, 403, 400, 403, 400, 403),
  verifyRegistration: row(401, 401, 403, 400, 403, 400, 403, 400, 403, 403, 400, 403, 400, 403),
  removePasskey: row(401, 401, 403, 400, 403, 400, 403, 400, 403, 403, 400, 403, 400, 403),
  resetPasskeys: row(401, 401, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 400, 403),
  // A token is none of what it looks at, and JSON is no form.
  slackAction: row(415, 415, 415, 415, 415, 415, 415, 415, 415, 415, 415, 415, 415, 415),
  linkSlack: row(401, 401, 403, 400, 403, 400, 403, 400, 403, 403, 400, 403, 400, 403),
  unlinkSlack: row(401, 401, 403, 400, 403, 400, 403, 400, 403, 403, 400, 403, 400, 403),
  listChannels: row(401, 401, 403, 403, 403, 403, 403, 200, 403, 403, 200, 403, 200, 403),
  testChannel: row(401, 401, 403, 403, 403, 403, 403, 403, 403, 403, 400, 403, 400, 403),
  searchOperations: row(401, 401, 403, 403, 403, 403, 403, 200, 403, 403, 403, 403, 403, 403),
  searchSessions: row(401, 401, 403, 403, 403, 403, 403, 200, 403, 403, 403, 403, 403, 403),
  waysToSignIn: row(200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  redeemSignIn: row(400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400),
  whoami: row(401, 401, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200),
  // A token of an issuer is not the gateway's to end.
  signOut: row(401, 401, 409, 409, 409, 409, 409, 409, 409, 409, 409, 409, 409, 409),
};

/** How many rows of alice's agent each role finds in a listing. */
const listed: Partial<Record<RouteName, Record<Role, number>>> = {
  listAccessRequests: row(0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0),
  listGrants: row(0, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0),
  listReviews: row(0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0),
  listSessions: row(0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0),
  searchOperations: row(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
  searchSessions: row(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
};

function row(...cells: readonly number[]): Record<Role, number> {
  const names = Object.keys(roles) as Role[];
  assert.equal(cells.length, names.length);
  return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? -1])) as Record<Role, number>;
}

const BODIES: Partial<Record<RouteName, string>> = {
  closeReview: '{"verdict":"justified","words":"looked at it"}',
  cancelAccessRequest: '{}',
  endSessions: '{"actor":"agent-99","reason":"because"}',
  revoke: '{"kind":"task","value":"nobodys","reason":"because"}',
};

describe('the authorization table', () => {
  let house: House;
  const tokens = new Map<Role, string>();
  before(async () => {
    house = await startHouse({}, systemClock, {
      stepUp: { rpId: 'localhost', origins: ['http://localhost:7403'] },
    });
    for (const [role, request] of Object.entries(roles)) {
      if (request !== null) tokens.set(role as Role, await house.provider.token(request));
    }
    const good = await house.provider.token({ subject: 'bob' });
    tokens.set('forged', `${good.slice(0, good.lastIndexOf('.'))}.${'A'.repeat(86)}`);
    await house.startSession('alices', 'test|alice', 'agent-7');
  });
  after(() => house.close());

  async function call(route: RouteName, role: Role, id: string): Promise<Response> {
    const { method, path } = routes[route];
    const token = tokens.get(role);
    return fetch(`${house.address}${path.replace(':id', id)}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      },
      ...(method === 'POST' ? { body: BODIES[route] ?? '{"reason":"because"}' } : {}),
    });
  }

  async function idFor(route: RouteName, pending: string): Promise<string> {
    const token = (role: Role): string => tokens.get(role) ?? '';
    if (route === 'removePasskey') return 'ab'.repeat(32);
    if (route.includes('Grant')) return house.grant(token('requester'), token('approver'));
    if (route.includes('Review')) return house.review(token('owner'));
    return route.includes('ession') || route.toLowerCase().includes('recording') ? 'alices' : pending;
  }

  for (const route of Object.keys(routes) as RouteName[]) {
    test(`${route} answers each role as it should [control-plane.matrix, control-plane.own, control-plane.recordings, audit.index-auditors]`, async () => {
      for (const role of Object.keys(roles) as Role[]) {
        const pending = await house.ask(tokens.get('requester') ?? '');
        const by = await house.identity.authenticate(tokens.get('operator') ?? '');
        const asked = { kind: 'task', value: 'held', reason: 'a try', quarantine: false } as const;
        const { revocation } = await house.containment.revoke(asked, by);
        house.entries.splice(0);
        const id = route === 'liftRevocation' ? revocation.id : await idFor(route, pending.id);
        const response = await call(route, role, id);
        assert.equal(response.status, expected[route][role], `${route} for ${role}`);
        const body: unknown = /ndjson|text/.test(response.headers.get('content-type') ?? '')
          ? null
          : await response.json();
        if (response.status >= 400) {
          assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
        } else if (listed[route] !== undefined) {
          const [rows] = Object.values(body as Record<string, unknown[]>);
          assert.equal(rows?.length, listed[route][role], `rows of ${route} for ${role}`);
        }
        const searches = house.entries.splice(0).filter(({ facts }) => facts?.attempt === 'search-audit');
        assert.equal(searches.length, route.startsWith('search') && response.status === 200 ? 1 : 0);
        const wasEnded = house.ended.splice(0).length;
        const ends = route === 'endSession' || route === 'endSessions';
        assert.equal(wasEnded, ends && response.status === 200 ? 1 : 0);
        const values = house.containment.list().map(({ value }) => value);
        assert.equal(values.includes('nobodys'), route === 'revoke' && response.status === 200);
        assert.equal(values.includes('held'), !(route === 'liftRevocation' && response.status === 200));
        for (const one of house.containment.list()) await house.containment.lift(one.id, by, 'the next');
        house.entries.splice(0);
        const changed = house.held.splice(0).length;
        const isHold = route === 'holdRecording' || route === 'releaseRecording';
        assert.equal(changed, isHold && response.status === 200 ? 1 : 0);
        const left = await house.approvals.get(
          pending.id,
          await house.identity.authenticate(tokens.get('owner') ?? ''),
        );
        const decided = (route === 'approve' || route === 'deny') && expected[route][role] === 200;
        const cancelled = route === 'cancelAccessRequest' && expected[route][role] === 200;
        const state = decided ? (route === 'approve' ? 'approved' : 'denied') : 'pending';
        assert.equal(left.state, cancelled ? 'cancelled' : state);
        pending.cancel();
        house.approvals.cancelWhere(() => true, 'the next row');
        if (route.includes('Review')) {
          const approver = await house.identity.authenticate(tokens.get('approver') ?? '');
          await house.approvals.reviews
            .close(id, approver, 'justified', 'the next row')
            .catch(() => undefined);
        }
        // A listing waits until the store has everything.
        await house.approvals.list(await house.identity.authenticate(tokens.get('owner') ?? ''));
        await house.storage.accessRequests.removeEndedBefore(Number.MAX_SAFE_INTEGER);
      }
    });
  }

  test('every action of the table is in the schema of the policies, and the other way round [control-plane.matrix]', async () => {
    const authorization = await openAuthorization({ roles: controlPlaneSection.parse({}).roles });
    const asked = Object.values(routeTable).flatMap(({ action }) => (action === null ? [] : [action]));
    // Those that no route asks for by themselves widen a listing, or what may be ended.
    const wider = ['list-all-sessions', 'see-all-grants', 'revoke-any-grant'];
    assert.deepEqual([...authorization.actions].sort(), [...new Set([...asked, ...wider])].sort());
    await authorization.close();
  });

  test('what is not there looks like what is not theirs [control-plane.own]', async () => {
    const words = async (response: Promise<Response>) => (await response).text();
    assert.equal(
      await words(call('getSession', 'otherAgent', 'alices')),
      await words(call('getSession', 'otherAgent', 'none')),
    );
    const pending = await house.ask(tokens.get('requester') ?? '');
    assert.equal(
      await words(call('getAccessRequest', 'machine', pending.id)),
      await words(call('getAccessRequest', 'machine', 'ar-none')),
    );
  });
});
