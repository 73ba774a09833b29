import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHead } from './request-head.ts';

const rules = { headerFields: 20, pathSegments: 8, forwardHeaders: ['x-team'] };

function read(rawHeaders: readonly string[], method = 'GET', url = '/api/x') {
  return readHead({ method, url, version: '1.1', rawHeaders: ['Host', 'gateway', ...rawHeaders] }, rules);
}

test('takes the bearer token from Authorization only [http.credentials]', () => {
  const credential = (...fields: string[]) => {
    const reading = read(fields);
    return reading.ok ? reading.head.credential : null;
  };
  assert.equal(credential('Authorization', 'Bearer a.b-c_~+/='), 'a.b-c_~+/=');
  assert.equal(credential('authorization', 'bearer  x'), 'x');
  for (const other of ['Basic eDp5', 'Bearer', 'Bearer a b', 'Bearer a,b', 'x'])
    assert.equal(credential('Authorization', other), '');
  assert.equal(credential('Proxy-Authorization', 'Bearer x'), '');
  assert.equal(credential('Authorization', 'Bearer a', 'authorization', 'Bearer b'), null);
});

test('passes on what is listed and nothing else [http.credentials]', () => {
  const reading = read([
    ...[
      'Accept',
      'a/b',
      'Cookie',
      'c',
      'X-Team',
      'blue',
      'X-Other',
      'y',
      'Range',
      'bytes=0-1',
      'Accept-Encoding',
      'gzip',
    ],
    ...['Connection', 'close, X-Team', 'Accept', 'c/d', 'Sallyport-Fault', 'x', 'X-Forwarded-For', '::1'],
  ]);
  assert.ok(reading.ok);
  assert.deepEqual(reading.head.headers, [['accept', 'a/b, c/d']]);
});

test('never passes on a credential or framing, even when configured to [http.credentials]', () => {
  for (const name of [
    'authorization',
    'cookie',
    'host',
    'transfer-encoding',
    'upgrade',
    'range',
    'sallyport-fault',
  ]) {
    const reading = readHead(
      {
        method: 'GET',
        url: '/api/x',
        version: '1.1',
        rawHeaders: [
          'Host',
          'a',
          ...(name === 'host' || name === 'transfer-encoding' || name === 'upgrade'
            ? []
            : [name, 'Bearer x']),
        ],
      },
      { ...rules, forwardHeaders: [name] },
    );
    assert.ok(reading.ok && reading.head.headers.length === 0, name);
  }
});
