import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globMatches } from './glob.ts';
import { createMasking } from './masking.ts';
import { maskingSection } from './section.ts';

const config = maskingSection.parse({
  classified: [
    { column: 'public.people.ssn', class: 'ssn' },
    { column: 'shop:public.staff.salary', class: 'salary' },
    { column: '"odd.schema"."Ta""ble".col', class: 'name' },
    { column: 'hr.*.iban', class: 'bank-account' },
  ],
  column_names: [
    { pattern: '*password*', class: 'password-hash' },
    { pattern: 'e?mail', class: 'email' },
  ],
});

test('hides a classified column at every target, and only that one [masking.columns]', () => {
  const mask = createMasking(config).compile('any', []);
  assert.equal(mask.columnClass('public', 'people', 'ssn'), 'ssn');
  assert.equal(mask.columnClass('public', 'people', 'city'), null);
  assert.equal(mask.columnClass('public', 'places', 'ssn'), null);
  assert.equal(mask.columnClass('odd.schema', 'Ta"ble', 'col'), 'name');
  assert.equal(mask.columnClass('hr', 'accounts', 'iban'), 'bank-account');
  assert.equal(mask.columnClass('public', 'accounts', 'iban'), null);
});

test('hides a column classified for one target at that target only [masking.columns]', () => {
  const masking = createMasking(config);
  assert.equal(masking.compile('shop', []).columnClass('public', 'staff', 'salary'), 'salary');
  assert.equal(masking.compile('other', []).columnClass('public', 'staff', 'salary'), null);
  assert.equal(masking.compile('other', []).columnNameClass('salary'), null);
});

test('hides columns whose name matches a pattern, in any table and any case [masking.column-names]', () => {
  const mask = createMasking(config).compile('any', []);
  assert.equal(mask.columnClass('x', 'y', 'user_PASSWORD_hash'), 'password-hash');
  assert.equal(mask.columnClass('x', 'y', 'E-Mail'), 'email');
  assert.equal(mask.columnNameClass('e_mail'), 'email');
  assert.equal(mask.columnNameClass('ssn'), 'ssn', 'a name that is classified in some table counts');
  assert.equal(mask.columnNameClass('iban'), 'bank-account');
  assert.equal(mask.columnNameClass('city'), null);
});

test('shows a revealed class and shares the mask of one set of classes [masking.reveal]', () => {
  const masking = createMasking(config);
  const mask = masking.compile('shop', ['email', 'ssn']);
  assert.equal(mask.columnClass('public', 'people', 'ssn'), null);
  assert.equal(mask.scrubText('ada@example.com 123-45-6789'), 'ada@example.com 123-45-6789');
  assert.equal(mask.columnClass('public', 'staff', 'salary'), 'salary');
  assert.equal(masking.compile('shop', ['ssn', 'email', 'unheard-of']), mask);
  assert.notEqual(masking.compile('shop', []).version, mask.version);
});

test('knows whether any column is hidden at all [masking.reveal]', () => {
  const bare = createMasking(maskingSection.parse({}));
  assert.equal(bare.compile('t', []).hidesColumns, false);
  assert.equal(createMasking(config).compile('t', []).hidesColumns, true);
  const all = createMasking(config).classes;
  assert.deepEqual(all.includes('salary') && all.includes('payment-card'), true);
  assert.equal(createMasking(config).compile('t', all).hidesColumns, false);
  assert.equal(createMasking(config).compile('t', all).suspects(Buffer.from('a@example.com'), 0, 13), false);
});

test('matches globs without running on [masking.column-names]', () => {
  assert.equal(globMatches('*ssn*', 'user_SSN_hash'), true);
  assert.equal(globMatches('a*b*c', 'aXbYc'), true);
  assert.equal(globMatches('a?c', 'ac'), false);
  assert.equal(globMatches('*', ''), true);
  assert.equal(globMatches('', 'x'), false);
  assert.equal(globMatches('*a*a*a*a*a*a*b', 'a'.repeat(63)), false);
});

test('refuses a column path or class that cannot be meant [masking.columns]', () => {
  for (const column of ['people', 'public.people', 'a.b.c.d', ':a.b.c', 'a..c', 'a.b."c']) {
    assert.equal(maskingSection.safeParse({ classified: [{ column, class: 'x' }] }).success, false, column);
  }
  assert.equal(
    maskingSection.safeParse({ column_names: [{ pattern: 'x', class: 'Not A Class' }] }).success,
    false,
  );
  assert.equal(maskingSection.safeParse({ detectors: { enabled: ['shoe-size'] } }).success, false);
});

test('keeps placeholders short and of one length [masking.placeholder]', () => {
  const mask = createMasking(config).compile('any', []);
  assert.equal(Buffer.from(mask.placeholder).toString(), '***');
  for (const dataClass of createMasking(config).classes) assert.equal(mask.strategy(dataClass).kind, 'full');
});

test('takes a class from the target where configuration has none [masking.comment-class]', () => {
  const mask = createMasking(config).compile('any', ['email', 'unheard-of']);
  assert.equal(mask.columnClass('a', 'b', 'c', 'salary'), 'salary');
  assert.equal(mask.columnClass('public', 'people', 'ssn', 'salary'), 'ssn', 'configuration wins');
  assert.equal(mask.columnClass('a', 'b', 'c', 'email'), null, 'a revealed class');
  assert.equal(mask.columnClass('a', 'b', 'c', 'unheard-of'), 'unheard-of', 'no policy was asked about it');
  for (const invalid of ['', 'Email', 'email ssn', 'e_mail'])
    assert.equal(mask.columnClass('a', 'b', 'c', invalid), 'unknown', invalid);
  const without = createMasking(maskingSection.parse({ comments: 'off' })).compile('any', []);
  assert.equal(without.columnClass('a', 'b', 'c', 'salary'), null);
  assert.deepEqual([without.hidesColumns, without.hidesDeclared], [false, false]);
});
