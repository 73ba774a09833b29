/** The searcher finds what is there, in every disguise, and nothing else. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { randomOf } from '../conformance/raw-clients.ts';
import { type Canary, CanaryPress } from './canaries.ts';
import { Searcher } from './searcher.ts';

const SEED = 4711;
const press = new CanaryPress(SEED);
const word = press.make('word', 'word');
const number = press.make('int8', 'int8');
const amount = press.make('numeric', 'numeric');
const day = press.make('date', 'date');
const bytes = press.make('bytea', 'bytea');
const uuid = press.make('uuid', 'uuid');
const searcher = new Searcher(press.all);

const around = (text: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from('D\0\0\0before '), Buffer.from(text as string), Buffer.from(' after')]);
const found = (...pages: (string | Buffer)[]): string[] =>
  searcher
    .find(...pages.map(around))
    .map(({ canary }) => canary.where)
    .sort();
const rawOf = (where: string): Buffer =>
  (press.all.find((canary) => canary.where === where) as Canary).raw[0] as Buffer;

const plain = Buffer.from(word);
const hex = plain.toString('hex');
const each = (write: (char: string) => string): string => [...word].map(write).join('');

const DISGUISES: Readonly<Record<string, string | Buffer>> = {
  clear: word,
  'upper case': word.toUpperCase(),
  'lower case': word.toLowerCase(),
  reversed: [...word].reverse().join(''),
  hex,
  'hex in upper case': hex.toUpperCase(),
  'hex as bytea': `\\x${hex}`,
  'hex in pairs': hex.replace(/../g, '$& '),
  'reversed hex': [...hex].reverse().join(''),
  base64: plain.toString('base64'),
  'base64 after one byte': Buffer.from(`x${word}`).toString('base64'),
  'base64 after two bytes': Buffer.from(`xy${word}z`).toString('base64'),
  'base64 in lines': plain.toString('base64').replace(/.{10}/g, '$&\n'),
  base64url: Buffer.from(`ÿþ${word}ÿ`).toString('base64url'),
  'percent escapes': each((char) => `%${char.charCodeAt(0).toString(16)}`),
  'JSON escapes': each((char) => `\\u00${char.charCodeAt(0).toString(16)}`),
  'octal escapes': each((char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`),
  'decimal references': each((char) => `&#${char.charCodeAt(0)};`),
  'hexadecimal references': each((char) => `&#x${char.charCodeAt(0).toString(16)};`),
  'UTF-16': Buffer.from(word, 'utf16le'),
  'UTF-16, big end first': Buffer.from(word, 'utf16le').swap16(),
  bits: each((char) => char.charCodeAt(0).toString(2).padStart(8, '0')),
  'between commas': [...word].join(','),
  'between letters': [...word].join('x'),
  'far apart': [...word].join('------'),
  'far apart, other things between': [...word].join('abcdefg'),
  'first half': word.slice(0, 10),
  'second half': word.slice(10),
  md5: createHash('md5').update(word).digest('hex'),
  sha256: createHash('sha256').update(word).digest(),
};

test('finds a word in every disguise [masking.leak-searcher]', () => {
  for (const [what, disguised] of Object.entries(DISGUISES))
    assert.deepEqual(found(disguised), ['word'], what);
});

test('finds numbers, dates, bytes and UUIDs in text and in binary format [masking.leak-searcher]', () => {
  assert.deepEqual(found(number), ['int8']);
  assert.deepEqual(found(number.replace(/\B(?=(...)+$)/g, ',')), ['int8']);
  assert.deepEqual(found(BigInt(number).toString(16)), ['int8']);
  assert.deepEqual(found(amount), ['numeric']);
  assert.deepEqual(found(day.replaceAll('-', '')), ['date']);
  assert.deepEqual(found(String(Date.parse(`+${day}`) / 1_000)), ['date']);
  assert.deepEqual(found(bytes.slice(2)), ['bytea']);
  assert.deepEqual(found(uuid.replaceAll('-', '')), ['uuid']);
  assert.deepEqual(found(rawOf('bytea').toString('base64')), ['bytea']);
  for (const where of ['int8', 'numeric', 'date', 'bytea', 'uuid'])
    assert.deepEqual(found(rawOf(where)), [where], where);
});

test('finds halves in two places, and half a number only beside the other [masking.leak-searcher]', () => {
  const half = number.length >> 1;
  assert.deepEqual(found(number.slice(0, half)), []);
  assert.deepEqual(found(number.slice(half)), []);
  assert.deepEqual(found(`${number.slice(half)} and ${number.slice(0, half)}`), ['int8']);
  assert.deepEqual(found(number.slice(half), number.slice(0, half)), ['int8']);
});

test('finds nothing where there is nothing [masking.leak-searcher]', () => {
  const next = randomOf(SEED * 31);
  const noise = Buffer.from(Array.from({ length: 400_000 }, () => next(256)));
  assert.deepEqual(found(noise, noise.toString('hex'), noise.toString('base64')), []);
  const others = new CanaryPress(SEED + 1);
  for (const kind of ['word', 'int8', 'numeric', 'date', 'bytea', 'uuid'] as const)
    assert.deepEqual(found(others.make(kind, kind)), [], kind);
  assert.deepEqual(found(word.slice(0, 8)), []);
});
