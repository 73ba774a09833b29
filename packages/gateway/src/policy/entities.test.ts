import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParseContext, checkParseEntities } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { readSchema } from './cedar-check.ts';
import {
  describe,
  misplaced,
  type PolicyResourceType,
  principalEntity,
  resourceEntity,
  sessionRecord,
} from './entities.ts';

const limits = { pathBytes: 32_768, pathSegments: 64 };
const DEPTHS: Record<PolicyResourceType, number> = {
  Target: 0,
  Database: 1,
  Schema: 2,
  Table: 3,
  Function: 3,
  Sequence: 3,
  Channel: 2,
  Role: 1,
  Setting: 1,
  File: 1,
  Program: 1,
  ForeignServer: 1,
  Extension: 1,
  DataClass: 1,
  Route: 4,
};
const types = Object.keys(DEPTHS) as PolicyResourceType[];
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (replay with SEED=${seed})`);
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '/', '%2F', '..', '*', '"', "'", '\u0000', 'a/b', '__proto__', '💥'),
);
const facts = {
  subject: 'x|"\\\u0000',
  groups: ['a/b', 'Group::"x"'],
  actor: 'bot',
  task: null,
  person: false,
  target: 'prod/"',
  protocol: 'postgres',
  secure: true,
};

test('every entity conforms to the schema, whatever the names are [policy.schema] [policy.hostile-names]', () => {
  const schema = readSchema();
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.array(name, { minLength: 4, maxLength: 4 }),
      name,
      (type, names, target) => {
        const entity = resourceEntity(target, { type, path: names.slice(0, DEPTHS[type]) });
        const answer = checkParseEntities({ entities: [entity, principalEntity(facts)], schema });
        assert.equal(answer.type, 'success', JSON.stringify(answer));
      },
    ),
    { seed, numRuns: 60 },
  );
  const context = sessionRecord(facts);
  const answer = checkParseContext({ context, schema, action: { type: 'Action', id: 'select' } });
  assert.equal(answer.type, 'success', JSON.stringify(answer));
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
      { type: 'Route', id: 'api' },
      { type: 'Route', id: 'api/v1' },
    ],
  });
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
