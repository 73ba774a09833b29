import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NameTable } from './name-table.ts';

test('a name stands for what the target confirmed, and nothing else once it has [postgres.names]', () => {
  const names = new NameTable<string>();
  names.confirm(names.propose('s', 'update', 0));
  assert.deepEqual(names.candidates('s', 1), ['update']);
});

test('within a segment the newest proposal is exact, since a failure before it skips what uses it [postgres.names]', () => {
  const names = new NameTable<string>();
  names.confirm(names.propose('s', 'old', 0));
  names.propose('s', 'new', 1);
  assert.deepEqual(names.candidates('s', 1), ['new']);
});

test('an unanswered Parse of an earlier segment leaves both meanings possible [postgres.names]', () => {
  const names = new NameTable<string>();
  names.confirm(names.propose('s', 'update', 0));
  const skipped = names.propose('s', 'select', 1);
  assert.deepEqual(names.candidates('s', 2), ['select', 'update']);
  names.discard(skipped);
  assert.deepEqual(names.candidates('s', 2), ['update']);
});

test('a Close that the target skipped does not free the name [postgres.names]', () => {
  const names = new NameTable<string>();
  names.confirm(names.propose('s', 'update', 0));
  const close = names.propose('s', null, 1);
  assert.deepEqual(names.candidates('s', 1), []);
  assert.deepEqual(names.candidates('s', 2), ['update']);
  names.discard(close);
  assert.deepEqual(names.candidates('s', 2), ['update']);
  names.confirm(names.propose('s', null, 3));
  assert.deepEqual(names.candidates('s', 4), []);
});
