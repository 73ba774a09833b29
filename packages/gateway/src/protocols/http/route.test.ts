import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRoute } from './route.ts';

const route = (url: string) => {
  const reading = readRoute(url, 32);
  return reading.ok ? reading.route : reading.reason;
};

test('reads the target, the decoded segments, and keeps the path as it came [http.one-reading]', () => {
  assert.deepEqual(route('/api/v1/users/jane%20roe?a=b&c'), {
    target: 'api',
    segments: ['v1', 'users', 'jane roe'],
    path: '/v1/users/jane%20roe',
    query: '?a=b&c',
  });
  assert.deepEqual(route('/api'), { target: 'api', segments: [], path: '/', query: '' });
  assert.deepEqual(route('/api/'), { target: 'api', segments: [], path: '/', query: '' });
  assert.deepEqual(route('/api/a/'), { target: 'api', segments: ['a'], path: '/a/', query: '' });
  assert.deepEqual(route('/'), { target: '', segments: [], path: '/', query: '' });
  assert.deepEqual(route('/api/items:batch@x'), {
    target: 'api',
    segments: ['items:batch@x'],
    path: '/items:batch@x',
    query: '',
  });
  assert.deepEqual(route('/api/caf%C3%A9'), {
    target: 'api',
    segments: ['café'],
    path: '/caf%C3%A9',
    query: '',
  });
});

test('reads every path it accepts as a URL parser does [http.one-reading]', () => {
  const pieces = fc.constantFrom(
    ...'/.%25eE2fF0\\;?#aA~:@ '.split(''),
    '%2e',
    '%2F',
    '..',
    '//',
    '%C3%A9',
    '%61',
  );
  const seed = Number(process.env.SALLYPORT_SEED ?? Date.now());
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const url = `/api/${parts.join('')}`;
      const reading = readRoute(url, 32);
      if (!reading.ok) return;
      const { path, query, segments } = reading.route;
      // The WHATWG parser resolves dots and backslashes: had there been any, it would read another path.
      const parsed = new URL(`http://target${path}${query}`);
      assert.equal(parsed.pathname, path);
      assert.equal(parsed.host, 'target');
      assert.deepEqual(
        parsed.pathname
          .split('/')
          .slice(1)
          .map(decodeURIComponent)
          .filter((segment) => segment !== ''),
        segments,
      );
    }),
    { seed, numRuns: 5_000 },
  );
});
