import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../lib/fault.ts';
import { maskingSection } from '../section.ts';
import { readMaskingKey } from './key-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-masking-key-'));
after(() => rmSync(folder, { recursive: true }));
const hashing = maskingSection.parse({ classes: { email: { strategy: 'hash' } } });

test('makes a key that only the gateway can read, once, and only when one is needed [masking.key]', () => {
  const data = join(folder, 'new', 'data');
  const plain = maskingSection.parse({ classes: { email: { strategy: 'partial', keep: 'domain' } } });
  assert.equal(readMaskingKey(plain, data), null);
  const key = readMaskingKey(hashing, data);
  assert.equal(key?.length, 32);
  assert.equal(statSync(join(data, 'masking.key')).mode & 0o777, 0o600);
  assert.deepEqual(readMaskingKey(hashing, data), key);
  assert.deepEqual(readdirSync(data), ['masking.key']);
});

test('never makes a key that was named, and never says what is in one [masking.key]', () => {
  const file = join(folder, 'named.key');
  const named = { ...hashing, key_file: file };
  const failure = () => {
    try {
      readMaskingKey(named, folder);
    } catch (fault) {
      assert.ok(fault instanceof Fault && fault.code === 'config-invalid');
      return fault.message;
    }
    return assert.fail('it must fail');
  };
  assert.match(failure(), /ENOENT/);
  writeFileSync(file, 'abcdef0123 secret');
  assert.match(failure(), /is not 64 hexadecimal digits/);
  assert.doesNotMatch(failure(), /abcdef/);
  writeFileSync(file, `${'0a'.repeat(32)}\n`);
  assert.deepEqual(readMaskingKey(named, folder), Buffer.alloc(32, 10));
  assert.equal(readFileSync(file, 'utf8'), `${'0a'.repeat(32)}\n`);
});
