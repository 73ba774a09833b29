import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBinding } from './binding.ts';
import { readHead } from './request-head.ts';

const bind = createBinding();

function operation(method: string, url: string, body = '', type = 'application/json') {
  const rawHeaders = ['Host', 'gateway', 'Content-Type', type, 'Authorization', 'Bearer t'];
  const reading = readHead(
    { method, url, version: '1.1', rawHeaders },
    { headerFields: 20, pathSegments: 8, forwardHeaders: [] },
  );
  assert.ok(reading.ok);
  return bind(reading.head, Buffer.from(body, 'latin1'));
}

test('a request means its method on its route [http.one-reading]', () => {
  const { meaning } = operation('DELETE', '/api/users/42?force=yes');
  assert.deepEqual(meaning.evaluations, [
    { action: 'http_delete', resource: { type: 'Route', path: ['users', '42'] } },
  ]);
  assert.equal(meaning.undetermined, null);
  assert.equal(meaning.changesState, true);
  assert.equal(operation('GET', '/api/users').meaning.changesState, false);
});

test('values are not in the form, and are in the text [http.exact-approval]', () => {
  const { meaning, text } = operation(
    'POST',
    '/api/v1/users/42/jane%40x.example?q=secret&jane@x.example',
    '{"a":1}',
  );
  assert.equal(meaning.form, 'POST /v1/users/{}/{}?q={}&{}');
  assert.equal(
    text,
    'POST /v1/users/42/jane%40x.example?q=secret&jane@x.example HTTP/1.1\ncontent-type: application/json\n\n{"a":1}',
  );
});

test('a body that is not text is a parameter, and its digest is in the text [http.exact-approval]', () => {
  const { text, parameters } = operation('PUT', '/api/x', '\xff\x00', 'application/octet-stream');
  assert.deepEqual(parameters, [Buffer.of(0xff, 0)]);
  assert.match(text, /2 bytes that are not text, SHA-256 [0-9a-f]{64}/);
});

test('the same request has the same meaning, and another does not [http.one-reading]', () => {
  assert.equal(operation('GET', '/api/a?x=1').meaning, operation('GET', '/api/a?x=2').meaning);
  assert.notEqual(operation('GET', '/api/a/1').meaning, operation('GET', '/api/a/2').meaning);
  assert.notEqual(operation('GET', '/api/a').meaning, operation('HEAD', '/api/a').meaning);
  assert.notEqual(
    operation('POST', '/api/a', '{}').meaning,
    operation('POST', '/api/a', '_method=PUT', 'text/plain').meaning,
  );
});

test('JSON may hold the word "_method" [http.one-reading]', () => {
  assert.equal(operation('POST', '/api/a', '{"_method":"x"}').meaning.undetermined, null);
});
