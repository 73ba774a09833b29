/** Tokens of machines, with the claims that their issuers really send, through a real issuer's keys. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../lib/clock.ts';
import { AUDIENCE, type HostileIssuer, startHostileIssuer } from './hostile-issuer.fixture.ts';
import { createIdentityProvider } from './provider.ts';
import { identitySection } from './section.ts';

/** GitHub Actions, "OpenID Connect reference". */
const GITHUB = {
  jti: 'b2a4',
  sub: 'repo:octo-org/octo-repo:environment:prod',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  sha: '0f3b',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner: 'octo-org',
  repository_visibility: 'private',
  run_id: '302',
  run_attempt: '2',
  actor: 'octocat',
  actor_id: '12',
  workflow: 'example-workflow',
  event_name: 'workflow_dispatch',
  environment: 'prod',
  runner_environment: 'github-hosted',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
};
/** GitLab CI/CD, "ID token payload". */
const GITLAB = {
  namespace_id: '72',
  namespace_path: 'my-group',
  project_id: '20',
  project_path: 'my-group/my-project',
  user_id: '1',
  user_login: 'sample-user',
  user_email: 'sample-user@example.com',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  environment: 'production',
  runner_environment: 'self-hosted',
  groups_direct: ['mygroup/mysubgroup', 'myothergroup/myothersubgroup'],
  sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
};
/** Kubernetes, a bound service account token. */
const KUBERNETES = {
  'kubernetes.io': {
    namespace: 'billing',
    node: { name: 'node-1', uid: 'd6' },
    pod: { name: 'reports-7d9f', uid: 'e2' },
    serviceaccount: { name: 'reports', uid: '14' },
  },
  sub: 'system:serviceaccount:billing:reports',
};

describe('machines', () => {
  let issuer: HostileIssuer;
  before(async () => {
    issuer = await startHostileIssuer();
  });
  after(() => issuer.close());

  async function read(settings: object, claims: object, header: Record<string, unknown> = { typ: 'JWT' }) {
    const one = { name: 'ci', issuer: issuer.issuer, audience: AUDIENCE, ...settings };
    const provider = createIdentityProvider(identitySection.parse({ issuers: [one] }), {
      clock: systemClock,
    });
    return provider.authenticate(await issuer.sign({ ...claims }, header));
  }

  test('a CI job is who its repository and branch are, in groups made of its claims [identity.templates]', async () => {
    const claims = {
      subject: 'ci:{repository}:{ref}',
      groupTemplates: ['repo:{repository}', 'env:{environment}', 'none:{absent}'],
    };
    const job = await read({ claims, machinesOnly: true }, GITHUB);
    assert.deepEqual(
      [job.subject, job.groups, job.kind, job.actor],
      ['ci|ci:octo-org/octo-repo:refs/heads/main', ['repo:octo-org/octo-repo', 'env:prod'], 'machine', null],
    );
    const other = {
      subject: '{project_path}@{ref}',
      groups: 'groups_direct',
      groupTemplates: ['protected:{ref_protected}'],
    };
    const pipeline = await read({ claims: other, groupPrefix: 'gitlab:' }, GITLAB);
    assert.deepEqual(
      [pipeline.subject, pipeline.groups, pipeline.kind],
      [
        'ci|my-group/my-project@main',
        ['gitlab:mygroup/mysubgroup', 'gitlab:myothergroup/myothersubgroup', 'gitlab:protected:true'],
        'machine',
      ],
    );
  });

  test('a service account of Kubernetes is read by JSON Pointer, from a token without a type [identity.templates]', async () => {
    const claims = {
      subject: '{/kubernetes.io/namespace}/{/kubernetes.io/serviceaccount/name}',
      groupTemplates: ['ns:{/kubernetes.io/namespace}'],
    };
    const account = await read({ claims, tokenTypes: ['absent'] }, KUBERNETES, { typ: undefined });
    assert.deepEqual(
      [account.subject, account.groups, account.kind],
      ['ci|billing/reports', ['ns:billing'], 'machine'],
    );
    await assert.rejects(read({ claims }, KUBERNETES, { typ: undefined }), { code: 'credential-rejected' });
  });

  test('a claim cannot say what another claim is to say: no two tokens give one subject by accident [identity.templates-injective]', async () => {
    const claims = { subject: 'ci:{repository}:{ref}', groupTemplates: ['repo:{repository}'] };
    const shifted = await read(
      { claims },
      { ...GITHUB, repository: 'octo-org/octo-repo:refs/heads/main', ref: 'x' },
    );
    assert.equal(shifted.subject, 'ci|ci:octo-org/octo-repo%3Arefs/heads/main:x');
    const escaped = await read(
      { claims },
      { ...GITHUB, repository: 'octo-org/octo-repo%3Arefs/heads/main', ref: 'x' },
    );
    assert.notEqual(escaped.subject, shifted.subject);
    for (const change of [
      { ref: undefined },
      { ref: '' },
      { ref: 7 },
      { ref: 'a\nb' },
      { ref: ['main'] },
      { ref: 'x'.repeat(513) },
    ])
      await assert.rejects(
        read({ claims }, { ...GITHUB, ...change }),
        { code: 'credential-rejected' },
        JSON.stringify(change),
      );
    for (const subject of ['{a}{b}', '{}', '{a', 'a}', '{{a}}', '%{a}', '{a}%'])
      assert.throws(
        () =>
          identitySection.parse({
            issuers: [{ name: 'ci', issuer: issuer.issuer, audience: 'a', claims: { subject } }],
          }),
        subject,
      );
  });

  test('groups are found in objects, in lists of objects and in one text [identity.groups]', async () => {
    const groupsOf = async (claims: object, token: object) => (await read({ claims }, token)).groups;
    assert.deepEqual(
      await groupsOf({ groups: 'realm_access.roles' }, { realm_access: { roles: ['a', 'b'] } }),
      ['a', 'b'],
    );
    const roles = [
      { name: 'a', of: [{ id: 'x' }] },
      { name: 'b', of: [{ id: 'y' }, { id: 'z' }] },
    ];
    assert.deepEqual(await groupsOf({ groups: 'org.roles.name' }, { org: { roles } }), ['a', 'b']);
    assert.deepEqual(await groupsOf({ groups: 'org.roles.of.id' }, { org: { roles } }), ['x', 'y', 'z']);
    assert.deepEqual(await groupsOf({ groups: 'scope', groupSeparator: ' ' }, { scope: 'read  write' }), [
      'read',
      'write',
    ]);
    assert.deepEqual(
      await groupsOf({ groups: ['https://x.example/roles'] }, { 'https://x.example/roles': ['a'] }),
      ['a'],
    );
    for (const broken of [
      [{ name: 'a' }, {}],
      [{ name: 'a' }, 'b'],
      [{ name: { deeper: 1 } }],
      [{ name: 'a' }, { name: 7 }],
    ])
      await assert.rejects(groupsOf({ groups: 'org.roles.name' }, { org: { roles: broken } }), {
        code: 'credential-rejected',
      });
    const many = Array.from({ length: 513 }, (_, at) => ({ name: `g${at}` }));
    await assert.rejects(groupsOf({ groups: 'org.roles.name' }, { org: { roles: many } }), /512 groups/);
  });

  test('where only machines are, no claim makes a person [identity.person]', async () => {
    const claims = { auth_time: 1, amr: ['pwd'], email: 'a@b.example', email_verified: true };
    assert.equal((await read({}, claims)).kind, 'person');
    assert.equal((await read({ machinesOnly: true }, claims)).kind, 'machine');
    const person = { claim: 'email_verified', equals: true };
    assert.equal((await read({ machinesOnly: true, person }, claims)).kind, 'machine');
  });
});
