import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '@sallyport/postgres-wire';
import { parseOpening } from './opening.ts';
import { readStartupParameters } from './startup-parameters.ts';

/** A packet body built without the code under test: words, then NUL-terminated strings. */
function packet(words: readonly number[], strings: readonly string[] = []): Buffer {
  const head = Buffer.alloc(words.length * 4);
  for (const [at, word] of words.entries()) head.writeInt32BE(word, at * 4);
  return Buffer.concat([head, ...strings.map((text) => Buffer.from(`${text}\0`))]);
}

const V3 = 3 << 16;

test('reads protocol 3.0 and 3.2 start-ups [postgres.startup]', () => {
  for (const minor of [0, 2]) {
    const opening = parseOpening(packet([V3 | minor], ['user', 'shop', 'database', 'main', '']));
    assert.ok(opening.kind === 'startup');
    assert.equal(opening.minor, minor);
    assert.deepEqual(
      [...opening.parameters],
      [
        ['user', 'shop'],
        ['database', 'main'],
      ],
    );
  }
});

test('refuses what is not protocol 3 and parameters given twice [postgres.startup]', () => {
  assert.equal(parseOpening(packet([2 << 16])).kind, 'unsupported');
  assert.equal(parseOpening(packet([V3], ['user', 'a', 'user', 'b', ''])).kind, 'unsupported');
});

test('never reads past the end of a start-up packet [postgres.startup]', () => {
  const whole = packet([V3], ['user', 'shop', '']);
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(
      () => parseOpening(whole.subarray(0, length)),
      (fault) => fault instanceof WireError || fault instanceof RangeError,
    );
  }
  assert.throws(() => parseOpening(Buffer.concat([whole, Buffer.from('x')])), WireError);
});

test('takes cancel keys of 4 to 256 bytes [postgres.cancel]', () => {
  const cancel = (bytes: number) =>
    parseOpening(Buffer.concat([packet([80_877_102, 7]), Buffer.alloc(bytes, 1)]));
  for (const bytes of [4, 32, 256]) assert.equal(cancel(bytes).kind, 'cancel');
  for (const bytes of [0, 3, 257]) assert.equal(cancel(bytes).kind, 'unsupported');
});

function startup(parameters: Record<string, string>) {
  return readStartupParameters(new Map(Object.entries({ user: 'shop', ...parameters })));
}

test('passes on harmless settings, also through options [postgres.startup-parameters]', () => {
  const request = startup({
    DateStyle: 'ISO',
    options: '-c statement_timeout=5s --lock-timeout=1s',
    application_name: 'a b',
  });
  assert.ok(request.effect === 'accept');
  assert.deepEqual(request.settings, {
    datestyle: 'ISO',
    statement_timeout: '5s',
    lock_timeout: '1s',
    application_name: 'a b',
  });
});

test('refuses every start-up parameter that is not known to be harmless [postgres.startup-parameters]', () => {
  for (const parameters of [
    { replication: 'database' },
    { replication: 'true' },
    { role: 'postgres' },
    { search_path: 'evil' },
    { session_replication_role: 'replica' },
    { client_encoding: 'SJIS' },
    { options: '-c role=postgres' },
    { options: '-crole=postgres' },
    { options: '--search-path=evil' },
    { options: '-c\\ role=postgres' },
    { options: '-c session_preload_libraries=evil' },
    { options: '-d 5' },
    { options: '-c statement_timeout=1 -c log_statement=none' },
    { application_name: 'x'.repeat(2_000) },
  ] as Record<string, string>[]) {
    assert.equal(startup(parameters).effect, 'refuse', JSON.stringify(parameters));
  }
});

test('reports protocol options it does not know instead of failing [postgres.startup]', () => {
  const request = startup({ '_pq_.test_protocol_negotiation': '' });
  assert.ok(request.effect === 'accept');
  assert.deepEqual(request.unknownOptions, ['_pq_.test_protocol_negotiation']);
});
