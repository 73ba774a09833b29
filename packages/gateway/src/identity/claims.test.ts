import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { identityOf } from './claims.ts';
import { identitySection } from './section.ts';

function read(claims: Record<string, unknown>, issuer: Record<string, unknown> = {}) {
  const section = identitySection.parse({
    issuers: [{ name: 'main', issuer: 'https://id.example', audience: 'a', ...issuer }],
  });
  const [config] = section.issuers;
  assert.ok(config);
  return identityOf({ sub: 'alice', ...claims }, config, 1, 3, 't');
}

describe('groups', () => {
  test('come from a nested claim, a list of names or one name [identity.groups]', () => {
    const nested = { claims: { groups: 'realm_access.roles' } };
    assert.deepEqual(read({ realm_access: { roles: ['dba'] } }, nested).groups, ['dba']);
    assert.deepEqual(read({ realm_access: {} }, nested).groups, []);
    assert.deepEqual(read({ groups: 'dba' }).groups, ['dba']);
    const url = { claims: { groups: 'https://id.example/groups' } };
    assert.deepEqual(read({ 'https://id.example/groups': ['x'] }, url).groups, ['x']);
    assert.deepEqual(read({ 'a.b': { c: ['x'] } }, { claims: { groups: ['a.b', 'c'] } }).groups, ['x']);
  });

  test('carry the prefix of their issuer [identity.groups]', () => {
    assert.deepEqual(read({ groups: ['dba'] }, { groupPrefix: 'ci:' }).groups, ['ci:dba']);
  });

  test('that cannot be read in full refuse the token [identity.groups]', () => {
    for (const groups of [
      [1],
      [{}],
      [['dba']],
      {},
      7,
      ['a', 'b', 'c', 'd'],
      [''],
      ['a\nb'],
      ['x'.repeat(513)],
    ]) {
      assert.throws(() => read({ groups }), { code: 'credential-rejected' }, JSON.stringify(groups));
    }
    assert.throws(() => read({ _claim_names: { groups: 'src1' } }), /left out as too many/);
  });

  test('are never found on the prototype [identity.groups]', () => {
    assert.deepEqual(read({}, { claims: { groups: 'constructor.name' } }).groups, []);
    assert.deepEqual(read({}, { claims: { groups: '__proto__' } }).groups, []);
  });
});

describe('people and machines', () => {
  test('a person shows an interactive sign-in [identity.person]', () => {
    for (const sign of [{ auth_time: 1 }, { amr: ['pwd'] }, { email_verified: true }]) {
      assert.equal(read({ azp: 'cli', ...sign }).kind, 'person');
    }
  });

  test('anything else is a machine [identity.person]', () => {
    const signedIn = { auth_time: 1, email_verified: true };
    assert.equal(read({}).kind, 'machine');
    assert.equal(read({ amr: [], email_verified: 'true', auth_time: '1' }).kind, 'machine');
    assert.equal(read({ ...signedIn, act: { sub: 'agent-1' } }).kind, 'machine');
    assert.equal(read({ ...signedIn, sub: 'report', client_id: 'report' }).kind, 'machine');
    assert.equal(read({ ...signedIn, sub: 'report', azp: 'report' }).kind, 'machine');
  });

  test('a configured claim decides, except for actors and clients [identity.person]', () => {
    const person = { person: { claim: 'idtyp', equals: 'user' } };
    assert.equal(read({ idtyp: 'user' }, person).kind, 'person');
    assert.equal(read({ idtyp: 'app', auth_time: 1 }, person).kind, 'machine');
    assert.equal(read({ idtyp: ['user'] }, person).kind, 'machine');
    assert.equal(read({ idtyp: 'user', act: { sub: 'a' } }, person).kind, 'machine');
  });

  test('an actor that cannot be read is not left out [identity.person]', () => {
    for (const act of [{}, { sub: 7 }, { sub: '' }, 'agent', { sub: 'a\u0000' }, ['x']]) {
      assert.throws(() => read({ act, auth_time: 1 }), { code: 'credential-rejected' }, JSON.stringify(act));
    }
  });
});

describe('names', () => {
  test('every name is an alias, in one spelling [identity.aliases]', () => {
    const { aliases } = read({
      sub: 'Alice@Example.com',
      email: 'ALICE@corp.example',
      azp: 'Cli',
      act: { sub: 'Agent-2', act: { sub: 'agent-1' } },
    });
    for (const name of [
      'main|alice@example.com',
      'alice@example.com',
      'alice@corp.example',
      'client:main|cli',
      'agent-2',
      'agent-1',
    ]) {
      assert.ok(aliases.includes(name), name);
    }
  });

  test('a chain of actors has an end [identity.aliases]', () => {
    let act: Record<string, unknown> = { sub: 'last' };
    for (let depth = 0; depth < 20; depth += 1) act = { sub: `a${depth}`, act };
    assert.throws(() => read({ act }), /longer than 8/);
  });

  test('a display name loses what could forge a line [identity.display]', () => {
    assert.equal(read({ name: 'Al\u001b[2Jice\n\u202eecila\u2028' }).displayName, 'Al[2Jiceecila');
    assert.equal(read({ name: '\u0000\n' }).displayName, 'main|alice');
    assert.equal(Array.from(read({ name: '🙂'.repeat(500) }).displayName).length, 128);
    assert.equal(read({ email: 'a@b.example' }).displayName, 'a@b.example');
  });

  test('a subject that is missing or unprintable is refused [identity.shape]', () => {
    for (const sub of [undefined, null, '', 7, 'a\nb', 'x'.repeat(513), '\ud800']) {
      assert.throws(() => read({ sub }), { code: 'credential-rejected' });
    }
  });
});
