import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mask } from '../../protocol.ts';
import { detectorsOnly, mask, origins, scope } from './catalog.test-support.ts';
import { maskErrorFields, maskNotification, type ReplyScope } from './index.ts';
import { int32, message } from './wire.test-support.ts';

const people = scope(['people'], ['name']);
const places = scope(['places'], ['city']);

/** The fields the client gets of an error with these. */
function shown(
  fields: Readonly<Record<string, string>>,
  of: ReplyScope | null,
  by: Mask = mask,
  type = 'E',
): Record<string, string> {
  const bytes = message(type, ...Object.entries(fields).map(([name, value]) => `${name}${value}\0`), '\0');
  const masked = maskErrorFields(bytes, 5, bytes.length, of, by, origins) ?? bytes;
  assert.equal(masked.toString('latin1', 0, 1), type);
  assert.equal(masked.readInt32BE(1), masked.length - 1);
  const parts = masked.toString('utf8', 5).split('\0');
  return Object.fromEntries(
    parts.filter((part) => part !== '').map((part) => [part.slice(0, 1), part.slice(1)]),
  );
}

const base = { S: 'ERROR', V: 'ERROR' };

test('cuts messages that quote a value and withholds details [masking.postgres-errors]', () => {
  assert.deepEqual(
    shown(
      {
        ...base,
        C: '22P02',
        M: 'invalid input syntax for type integer: "abc-secret"',
        P: '8',
        F: 'numutils.c',
        L: '617',
        R: 'pg_strtoint32',
      },
      people,
    ),
    {
      ...base,
      C: '22P02',
      M: 'invalid input syntax for type integer ***',
      P: '8',
      F: 'numutils.c',
      L: '617',
      R: 'pg_strtoint32',
    },
  );
  assert.deepEqual(
    shown(
      {
        ...base,
        C: '23505',
        M: 'duplicate key value violates unique constraint "people_ssn_key"',
        D: 'Key (ssn)=(abc) already exists.',
        H: 'abc',
        W: '',
        s: 'public',
        t: 'people',
        n: 'people_ssn_key',
      },
      people,
    ),
    {
      ...base,
      C: '23505',
      M: 'duplicate key value violates unique constraint ***',
      D: 'withheld: the operation touches masked data',
      s: 'public',
      t: 'people',
      n: 'people_ssn_key',
    },
  );
  assert.equal(shown({ ...base, C: '22012', M: 'division by zero' }, people).M, 'division by zero');
  assert.equal(shown({ ...base, C: '22003', M: 'value 987 out of range' }, people).M, 'value ***');
});

test('shows nothing of what a function says [masking.postgres-errors]', () => {
  const withheld = 'withheld: the operation touches masked data';
  const inside = 'PL/pgSQL function inline_code_block line 1 at RAISE';
  assert.deepEqual(shown({ ...base, C: 'P0001', M: 'secret is abc' }, people), {
    ...base,
    C: 'P0001',
    M: withheld,
  });
  assert.deepEqual(shown({ S: 'NOTICE', V: 'NOTICE', C: '00000', M: 'abc', W: inside }, people, mask, 'N'), {
    S: 'NOTICE',
    V: 'NOTICE',
    C: '00000',
    M: withheld,
  });
  assert.equal(
    shown({ ...base, C: '42000', M: 'abc', W: inside }, people).M,
    withheld,
    'whatever code it chose',
  );
  assert.deepEqual(
    shown({ ...base, C: '22012', M: 'x', q: 'select abc', p: '3', W: inside, Z: 'abc' }, people),
    { ...base, C: '22012', M: withheld },
  );
  assert.equal(shown({ ...base, C: 'P0001', M: 'abc' }, null).M, withheld, 'outside any operation');
});

test('shows errors about the statement itself [masking.postgres-errors]', () => {
  for (const [code, text] of [
    ['42P01', 'relation "peple" does not exist'],
    ['57014', 'canceling statement due to user request'],
    ['25P02', 'current transaction is aborted'],
  ]) {
    const fields = {
      ...base,
      C: code as string,
      M: text as string,
      H: 'Perhaps you meant "people".',
      P: '15',
    };
    assert.deepEqual(shown(fields, people), fields);
  }
});

test('leaves errors of other operations alone, but for what detectors find [masking.postgres-errors]', () => {
  const fields = {
    ...base,
    C: '23505',
    M: 'duplicate key value violates unique constraint "x"',
    D: 'Key (city)=(Paris) already exists.',
  };
  assert.deepEqual(shown(fields, places), fields);
  assert.deepEqual(shown(fields, people, detectorsOnly), fields);
  assert.deepEqual(
    shown({ ...fields, D: 'Key (mail)=(ada@example.com) already exists.', t: 'a@b.co' }, places),
    { ...fields, D: 'Key (mail)=(***) already exists.', t: '***' },
  );
  assert.equal(
    shown({ ...base, C: '42601', M: 'syntax error at or near "ada@example.com"', P: '1' }, people).M,
    'syntax error at or near "***"',
  );
});

test('replaces an error that cannot be read [masking.postgres-errors]', () => {
  const bodies = ['', 'M', 'Mno end', 'Mx\0', 'Mx\0\0more', `${'Mx\0'.repeat(100)}\0`];
  for (const body of bodies) {
    const bytes = message('E', body);
    const masked = maskErrorFields(bytes, 5, bytes.length, places, mask, origins);
    assert.match(masked?.toString() ?? '', /^E.*08P01.*withheld/s, JSON.stringify(body));
  }
});

test('scrubs the payload of a notification [masking.postgres-errors]', () => {
  const bytes = message('A', int32(7), 'jobs\0', 'mail ada@example.com\0');
  assert.deepEqual(
    maskNotification(bytes, 5, bytes.length, detectorsOnly, origins),
    message('A', int32(7), 'jobs\0', 'mail ***\0'),
  );
  const clean = message('A', int32(7), 'jobs\0', '42\0');
  assert.equal(maskNotification(clean, 5, clean.length, detectorsOnly, origins), null);
});

test('hides the payload of a notification where columns are hidden [masking.postgres-statements]', () => {
  const bytes = message('A', int32(7), 'jobs\0', 'abc\0');
  assert.deepEqual(
    maskNotification(bytes, 5, bytes.length, mask, origins),
    message('A', int32(7), 'jobs\0', '***\0'),
  );
  const empty = message('A', int32(7), 'jobs\0', '\0');
  assert.deepEqual(maskNotification(empty, 5, empty.length, mask, origins), empty);
});

test('shows a name in an error only where the statement itself has it [masking.postgres-errors]', () => {
  const missing = (M: string, more = {}): Record<string, string> =>
    shown({ ...base, C: '42P01', M, ...more }, people);
  // As of `ssn::regclass`: raised while it runs, so what is named may have been read.
  assert.equal(missing('relation "abc" does not exist').M, 'relation ***');
  assert.equal(missing('relation "abc" does not exist', { H: 'abc' }).H, undefined);
  assert.equal(missing('relation "people" does not exist').M, 'relation "people" does not exist');
  assert.equal(
    missing('column "name" of relation "people" is x').M,
    'column "name" of relation "people" is x',
  );
  assert.equal(missing('column "name" of relation "abc" is x').M, 'column ***');
  assert.equal(missing('improper name: abc').M, 'improper name ***');
  assert.equal(missing('relation "people" = abc').M, 'relation ***');
  assert.equal(missing('relation "people').M, 'relation ***');
});

test('shows neither codes nor names that a function chose [masking.postgres-errors]', () => {
  const chosen = {
    ...base,
    M: 'abc',
    W: 'PL/pgSQL function f() line 1 at RAISE',
    s: 'abc',
    t: 'abc',
    c: 'abc',
    d: 'abc',
    n: 'abc',
  };
  const withheld = 'withheld: the operation touches masked data';
  assert.deepEqual(shown({ ...chosen, C: 'ABC12' }, people), { ...base, C: 'P0001', M: withheld });
  assert.equal(shown({ ...chosen, C: 'ABC12' }, people, mask, 'N').C, '00000');
  assert.deepEqual(shown({ ...chosen, C: '23505', t: 'people' }, people), {
    ...base,
    C: '23505',
    M: withheld,
    t: 'people',
  });
});
