import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Identity, PLAIN_TOKEN } from '../identity/index.ts';
import { GATEWAY, openAuthorization } from './authorization.ts';
import { controlPlaneSection } from './section.ts';

function folder(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-roles-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'own.cedar'), text);
  return directory;
}

async function open(t: TestContext, text: string, roles: object = {}) {
  const config = controlPlaneSection.parse({
    roles: { operators: ['security'], auditors: ['auditors'], ...roles },
  });
  const authorization = await openAuthorization({ ...config, policies: folder(t, text) });
  t.after(() => authorization.close());
  return authorization;
}

function caller(overrides: Partial<Identity> = {}): Identity {
  return {
    subject: 'test|zoe',
    displayName: 'Zoe',
    groups: [],
    actor: null,
    task: null,
    kind: 'person',
    expiresAt: Number.MAX_SAFE_INTEGER,
    aliases: [],
    ...PLAIN_TOKEN,
    ...overrides,
  };
}

const session = (subject: string, target: string, actor: string[] = []) => ({
  type: 'Session',
  id: 's1',
  attributes: { subject, actor, target, protocol: 'postgres', open: true },
});

test('policies of one’s own add to those that are built in, and a forbid of theirs outweighs them [control-plane.policies]', async (t) => {
  const authorization = await open(
    t,
    `permit (principal in Role::"person", action == Action::"see-session", resource)
       when { principal.groups.contains("shop-team") && resource.target == "shop" };
     forbid (principal, action == Action::"end-session", resource) when { resource.target == "frozen" };`,
  );
  const member = caller({ groups: ['shop-team'] });
  assert.equal(await authorization.may(member, 'see-session', session('test|x', 'shop')), true);
  assert.equal(await authorization.may(member, 'see-session', session('test|x', 'bank')), false);
  assert.equal(await authorization.may(caller(), 'see-session', session('test|x', 'shop')), false);
  const operator = caller({ groups: ['security'] });
  assert.equal(await authorization.may(operator, 'end-session', session('test|x', 'shop')), true);
  assert.equal(await authorization.may(operator, 'end-session', session('test|x', 'frozen')), false);
});

test('no policy gives an agent or a machine more than its own [control-plane.agents]', async (t) => {
  const authorization = await open(t, 'permit (principal, action, resource);', {
    admins: ['g'],
    auditors: ['g'],
    operators: ['g'],
    approvers: ['g'],
  });
  const agents = [
    caller({ actor: 'agent-7', groups: ['g'] }),
    caller({ kind: 'machine', groups: ['g'] }),
    caller({ kind: 'machine', actor: 'agent-7', groups: ['g'] }),
    // A name that is empty is a name.
    caller({ actor: '', groups: ['g'] }),
  ];
  for (const agent of agents) {
    const own = session(agent.subject, 'shop', agent.actor === null ? [] : [agent.actor]);
    assert.equal(await authorization.may(agent, 'see-session', own), true);
    assert.equal(
      await authorization.may(agent, 'see-session', session(agent.subject, 'shop', ['agent-8'])),
      false,
    );
    assert.equal(
      await authorization.may(agent, 'see-session', session('test|bob', 'shop', ['agent-7'])),
      false,
    );
    for (const action of ['end-session', 'read-recording', 'hold-recording'])
      assert.equal(await authorization.may(agent, action, own), false, action);
    for (const action of ['search-audit', 'list-all-sessions', 'see-metrics', 'see-health', 'see-exports'])
      assert.equal(await authorization.may(agent, action, GATEWAY), false, action);
    assert.equal(await authorization.may(agent, 'list-sessions', GATEWAY), true);
  }
});

test('what the schema does not know is refused, and refused as a fault [control-plane.policies]', async (t) => {
  const authorization = await open(t, 'permit (principal, action, resource);');
  for (const action of [
    '',
    'audit',
    'self-service',
    'constructor',
    '__proto__',
    'toString',
    'see-everything',
  ])
    await assert.rejects(
      authorization.demand(caller(), action, GATEWAY),
      { code: 'decision-unavailable' },
      action,
    );
  await assert.rejects(authorization.demand(caller(), 'search-audit', session('a', 'b')), {
    code: 'decision-unavailable',
  });
});

test('a policy that does not validate stops the start, with its place [control-plane.policies]', async (t) => {
  for (const [text, message] of [
    ['permit (principal, action == Action::"see-sesion", resource);', /own\.cedar:1/],
    ['\n\npermit (principal, action, resource) when { resource.owner == "x" };', /own\.cedar:3/],
    ['permit (principal in Role::"x", action, resource', /own\.cedar/],
    ['@approval("dba", "1") permit (principal, action, resource);', /own\.cedar:1/],
    ['@shadow forbid (principal, action, resource);', /@shadow are for operations/],
    ['', /no policy/],
  ] as const) {
    const config = controlPlaneSection.parse({});
    await assert.rejects(
      openAuthorization({ ...config, policies: folder(t, text) }),
      { code: 'policy-invalid', message },
      text,
    );
  }
});

test('roles.approvers narrows who decides [control-plane.policies]', async (t) => {
  const request = {
    type: 'AccessRequest',
    id: 'ar-1',
    attributes: { subject: 'test|x', actor: ['a'], target: 'shop', approvers: ['dba'], state: 'pending' },
  };
  const anyone = await open(t, 'forbid (principal, action == Action::"see-metrics", resource);');
  const named = await open(t, 'forbid (principal, action == Action::"see-metrics", resource);', {
    approvers: ['deciders'],
  });
  const dba = caller({ groups: ['dba'] });
  assert.equal(await anyone.may(dba, 'decide-access-request', request), true);
  assert.equal(await named.may(dba, 'decide-access-request', request), false);
  assert.equal(
    await named.may(caller({ groups: ['dba', 'deciders'] }), 'decide-access-request', request),
    true,
  );
  assert.equal(await named.may(caller({ groups: ['deciders'] }), 'decide-access-request', request), false);
});
