import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openApiDocument } from './openapi.ts';
import { routeTable } from './routes.ts';

test('the OpenAPI document is valid, and docs/openapi.json is it [contract.openapi]', async () => {
  const document = openApiDocument();
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  const kept = readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8');
  // Not compared by equal, which would print both.
  assert.ok(kept === `${JSON.stringify(document, null, 2)}\n`, 'run "npm run docs"');
});

test('every reference in it leads somewhere, and every route is in it [contract.openapi]', () => {
  const document = openApiDocument();
  const text = JSON.stringify(document);
  for (const [, path = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = path
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
    assert.ok(found !== undefined, path);
  }
  const operations = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>);
  const ids = operations.flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  assert.deepEqual(ids.sort(), Object.keys(routeTable).sort());
});

test('names of params, query and body of a route never meet: the client takes them in one object [contract.client]', () => {
  for (const [name, { params, query, body }] of Object.entries(routeTable)) {
    const names = [params, query, body].flatMap((part) => Object.keys(part?.shape ?? {}));
    assert.equal(new Set(names).size, names.length, name);
  }
});
