import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackendType } from '@sallyport/postgres-wire';
import { EXCHANGE, REPLY_OF } from './exchange-table.ts';

const awaited = Object.keys(EXCHANGE) as (keyof typeof EXCHANGE)[];

test('the table answers every reply in every state [postgres.exchange]', () => {
  const replies = new Set(Object.values(REPLY_OF));
  for (const state of awaited) assert.deepEqual(new Set(Object.keys(EXCHANGE[state])), replies, state);
});

test('rows, copies and completions are only possible while an operation runs [postgres.exchange]', () => {
  for (const state of awaited.filter((one) => one !== 'query' && one !== 'execute')) {
    for (const reply of ['data-row', 'copy-data', 'copy-in', 'copy-out', 'command-complete'] as const) {
      assert.equal(EXCHANGE[state][reply], 'violation', `${reply} while ${state}`);
    }
  }
});

test('an idle target may only report that it fails [postgres.exchange]', () => {
  const possible = Object.entries(EXCHANGE.nothing).filter(([, step]) => step !== 'violation');
  assert.deepEqual(possible, [['error', 'late-error']]);
});

test('messages that have no place after the login are in no state of the table [postgres.exchange]', () => {
  for (const type of [
    'Authentication',
    'BackendKeyData',
    'CopyBothResponse',
    'FunctionCallResponse',
  ] as const) {
    assert.equal(REPLY_OF[BackendType[type]], undefined, type);
  }
});
