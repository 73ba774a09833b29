import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReveal } from './reveal-setting.ts';

test('reads the ways to write it that do nothing else, each for what it says [masking.reveal-session]', () => {
  const asks = (...classes: readonly string[]) => ({ kind: 'ask', classes });
  const read: readonly (readonly [string, unknown])[] = [
    ["SET sallyport.reveal = 'email'", asks('email')],
    ["SET sallyport.reveal='phone'", asks('phone')],
    ["set session SALLYPORT.reveal to email , 'bank-account';", asks('bank-account', 'email')],
    ["SET\tsallyport.reveal\n= 'email, phone,email'  ; ", asks('email', 'phone')],
    ["SET sallyport.reveal = '__proto__'", asks('__proto__')],
    ["SET sallyport.reveal = ''", { kind: 'end' }],
    ["SET sallyport.reveal = ' , '", { kind: 'end' }],
    ['SET sallyport.reveal TO DEFAULT', { kind: 'end' }],
    ['RESET sallyport.reveal', { kind: 'end' }],
    ['show sallyport.reveal', { kind: 'show' }],
  ];
  for (const [text, command] of read) assert.deepEqual(readReveal(text), command, text);
});

test('reads nothing that could mean more, or is too long [masking.reveal-session]', () => {
  for (const text of [
    '',
    'SET sallyport.reveal',
    'SET sallyport.reveal =',
    'SET sallyport.reveal toemail',
    "SET LOCAL sallyport.reveal = 'email'",
    "SET sallyport.reveal = 'email'; SELECT 1",
    "SET sallyport.reveal = 'email';;",
    "SET sallyport.reveal = 'email' 'phone'",
    "SET sallyport.reveal = 'email',",
    "SET sallyport.reveal = 'it''s'",
    "SET sallyport.reveal = E'email'",
    "SET sallyport.reveal = 'a\\b'",
    'SET sallyport.reveal = $$email$$',
    'SET sallyport.reveal = "email"',
    "/* x */ SET sallyport.reveal = 'email'",
    "SET sallyport.reveal = 'email' -- x",
    'SHOW sallyport.reveal; SHOW sallyport.reveal',
    'RESET ALL',
    `SET sallyport.reveal = '${'x'.repeat(2_000)}'`,
    `SET sallyport.reveal = '${Array.from({ length: 51 }, (_, at) => `c${at}`).join()}'`,
  ])
    assert.equal(readReveal(text), null, text);
});
