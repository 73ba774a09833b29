import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParseContext, checkParseEntities } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { checkPolicies, readSchema } from './cedar-check.ts';
import { defaultPolicyLimits } from './config.ts';
import {
  contextRecord,
  describe,
  type KnownFacts,
  misplaced,
  principalEntity,
  resourceEntity,
  unfit,
} from './entities.ts';
import { isRecursive, PLACES, type PolicyResourceType } from './places.ts';

const limits = { pathBytes: 32_768, pathSegments: 64 };
const types = Object.keys(PLACES) as PolicyResourceType[];
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (replay with SEED=${seed})`);
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '/', '%2F', '..', '*', '"', "'", '\u0000', 'a/b', '__proto__', '💥'),
);
const session = {
  subject: 'x|"\\\u0000',
  groups: ['a/b', 'Group::"x"'],
  actor: 'bot',
  task: null,
  person: false,
  target: 'prod/"',
  protocol: 'postgres',
  secure: true,
  access: 'read-write' as const,
};

/** A path of this type, of these names where any name will do. */
function pathOf(type: PolicyResourceType, names: readonly string[]): readonly string[] {
  const { parts } = PLACES[type];
  if (type === 'Endpoint') return [names[0] ?? '', '443'];
  return names.slice(0, isRecursive(parts) ? 4 : parts.length);
}

test('every entity conforms to the schema, whatever the names are [policy.schema] [policy.hostile-names]', () => {
  const schema = readSchema();
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.array(name, { minLength: 5, maxLength: 5 }),
      name,
      (type, names, target) => {
        const resource = { type, path: pathOf(type, names) };
        const entity = resourceEntity(target, resource);
        const answer = checkParseEntities({ entities: [entity, principalEntity(session)], schema });
        assert.equal(answer.type, 'success', JSON.stringify(answer));
      },
    ),
    { seed, numRuns: 120 },
  );
});

test('the context conforms to the schema, with and without facts of its evaluation [policy.schema] [policy.facts]', async () => {
  const schema = readSchema();
  const { vocabulary } = await checkPolicies({ schema, texts: [] }, defaultPolicyLimits);
  for (const [action, word] of Object.entries(vocabulary)) {
    const given = Object.fromEntries(word.facts.known.map((fact) => [fact, ['b', 'a', '*', '__proto__']]));
    for (const facts of [given, undefined]) {
      const record = contextRecord(session, facts, word.facts);
      // The risk is put there when a policy asks for it.
      const context = action === 'reveal' ? record : { ...record, risk: 5 };
      const answer = checkParseContext({ context, schema, action: { type: 'Action', id: action } });
      assert.equal(answer.type, 'success', JSON.stringify([action, answer]));
    }
  }
});

test('columns that nobody told could not be told, and facts have limits [policy.facts] [policy.limits]', () => {
  const known: KnownFacts = { known: ['columns', 'via'], needed: ['columns', 'via'] };
  assert.deepEqual(contextRecord(session, undefined, known).columns, ['*']);
  assert.deepEqual(contextRecord(session, { columns: [] }, known).columns, []);
  assert.deepEqual(contextRecord(session, { columns: ['a'] }, known).via, []);
  const within = { factNames: 3, factBytes: 10 };
  assert.equal(unfit({ columns: ['a', 'b'], via: ['s.v'] }, known, within), null);
  assert.match(unfit({ columns: ['a', 'b', 'c'], via: ['s.v'] }, known, within) ?? '', /limit factNames/);
  assert.match(unfit({ columns: ['x'.repeat(11)] }, known, within) ?? '', /limit factBytes/);
  assert.match(unfit({ columns: ['\ud800'] }, known, within) ?? '', /not well-formed/);
  assert.match(unfit({ columns: ['a'] }, { known: [], needed: [] }, within) ?? '', /does not know columns/);
});

test('two paths are one entity only if they are equal [policy.hostile-names]', () => {
  const path = fc.array(name, { maxLength: 5 });
  fc.assert(
    fc.property(path, path, (a, b) => {
      const same = a.length === b.length && a.every((part, index) => part === b[index]);
      const [left, right] = [a, b].map((each) => resourceEntity('t', { type: 'Route', path: each }).uid.id);
      assert.equal(left === right, same);
    }),
    { seed, numRuns: 5_000 },
  );
});

test('a thing lies in everything above it and in nothing else [policy.hostile-names]', () => {
  assert.deepEqual(resourceEntity('prod', { type: 'Table', path: ['shop', 'a/b', 'x'] }), {
    uid: { type: 'Table', id: 'prod/shop/a%2Fb/x' },
    attrs: { target: 'prod', database: 'shop', schema: 'a/b', name: 'x' },
    parents: [
      { type: 'Target', id: 'prod' },
      { type: 'Database', id: 'prod/shop' },
      { type: 'Schema', id: 'prod/shop/a%2Fb' },
    ],
  });
  assert.deepEqual(resourceEntity('api', { type: 'Route', path: ['v1', 'users'] }), {
    uid: { type: 'Route', id: 'api/v1/users' },
    attrs: { target: 'api', path: '/v1/users' },
    parents: [
      { type: 'Target', id: 'api' },
      { type: 'Api', id: 'api' },
      { type: 'Route', id: 'api' },
      { type: 'Route', id: 'api/v1' },
    ],
  });
});

test('hosts, clusters, APIs and MCP servers have the hierarchy a person would draw [policy.vocabulary]', () => {
  const held = (type: PolicyResourceType, ...path: string[]) => {
    const { uid, attrs, parents } = resourceEntity('t', { type, path });
    return { id: uid.id, attrs, in: parents.map((parent) => `${parent.type} ${parent.id}`) };
  };
  assert.deepEqual(held('HostPath', 'etc', 'a b', 'key.pem'), {
    id: 't/etc/a%20b/key.pem',
    attrs: { target: 't', path: '/etc/a%20b/key.pem', name: 'key.pem' },
    in: ['Target t', 'Host t', 'HostPath t', 'HostPath t/etc', 'HostPath t/etc/a%20b'],
  });
  assert.deepEqual(held('Program', 'systemctl', 'status', 'a b'), {
    id: 't/systemctl/status/a%20b',
    attrs: { target: 't', name: 'systemctl', command: 'systemctl status a%20b' },
    in: ['Target t', 'Host t', 'Program t/systemctl', 'Program t/systemctl/status'],
  });
  assert.deepEqual(held('Endpoint', '10.0.0.5', '5432'), {
    id: 't/10.0.0.5/5432',
    attrs: { target: 't', host: '10.0.0.5', port: 5432 },
    in: ['Target t'],
  });
  assert.deepEqual(held('KubeObject', 'shop', '', 'pods', 'web-1', 'log'), {
    id: 't/shop//pods/web-1/log',
    attrs: { target: 't', namespace: 'shop', group: '', kind: 'pods', name: 'web-1', subresource: 'log' },
    in: ['Target t', 'Cluster t', 'Namespace t/shop', 'Kind t/shop//pods', 'KubeObject t/shop//pods/web-1/'],
  });
  assert.deepEqual(held('KubeObject', '', 'apps', 'nodes', 'n1', '').in, [
    'Target t',
    'Cluster t',
    'Kind t//apps/nodes',
  ]);
  assert.deepEqual(held('Tool', 'search').in, ['Target t', 'McpServer t']);
  assert.deepEqual(held('Cluster'), { id: 't', attrs: { target: 't', name: 't' }, in: ['Target t'] });
});

test('a setting is one entity in any capitals [policy.settings-caseless]', () => {
  const setting = (path: string) => resourceEntity('t', { type: 'Setting', path: [path] });
  assert.deepEqual(setting('DateStyle'), setting('datestyle'));
});

test('what cannot be placed says why, by limit or by shape [policy.unknown-denied] [policy.limits]', () => {
  const why = (type: string, path: string[]) => misplaced({ type: type as PolicyResourceType, path }, limits);
  assert.equal(why('Table', ['a', 'b', 'c']), null);
  assert.match(why('Table', ['a', 'b']) ?? '', /3 parts is expected, 2 were given/);
  assert.match(why('Tabel', ['a']) ?? '', /not in the policy schema/);
  assert.match(why('constructor', []) ?? '', /not in the policy schema/);
  assert.match(why('File', ['\ud800']) ?? '', /not well-formed/);
  assert.match(why('File', ['x'.repeat(32_769)]) ?? '', /limit pathBytes/);
  assert.match(why('Program', []) ?? '', /one part at least/);
  for (const port of ['', '-1', '080', '65536', '1e3', ' 80'])
    assert.match(why('Endpoint', ['h', port]) ?? '', /a port/);
  for (const port of ['0', '80', '65535']) assert.equal(why('Endpoint', ['h', port]), null);
  assert.match(why('Route', Array(65).fill('x')) ?? '', /limit pathSegments/);
});

test('a thing is named in one bounded line without control characters [policy.reason]', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      const shown = describe('t', { action: 'drop', resource: { type: 'Schema', path: [a, b] } });
      assert.doesNotMatch(shown, /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      assert.ok(shown.length < 2_000);
    }),
    { seed, numRuns: 2_000 },
  );
  const long = describe('t', { action: 'drop', resource: { type: 'File', path: ['\u001b'.repeat(10_000)] } });
  assert.ok(long.length < 1_500, `${long.length}`);
  assert.equal(
    describe('t', { action: 'x', resource: { type: 'Route', path: ['a', 'b/c'] } }),
    'Route "/a/b%2Fc"',
  );
});
