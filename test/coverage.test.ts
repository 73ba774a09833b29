/** Every promise has a test, and every test that cites a promise cites one that exists. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { requirements } from './requirements.ts';

const TITLE = /\btest\(\s*(?:'((?:[^'\\]|\\.)*)'|`([^`]*)`|"((?:[^"\\]|\\.)*)")/g;
const CITED = /(?:\s*\[[a-zA-Z0-9.,\s-]+\])+$/;

/** Ids cited at the end of test titles, with the file that cites them. */
function citations(): Map<string, string> {
  const cited = new Map<string, string>();
  const files = globSync(['packages/*/src/**/*.test.ts', 'test/**/*.ts', 'tools/**/*.test.ts']);
  for (const file of files) {
    for (const match of readFileSync(file, 'utf8').matchAll(TITLE)) {
      const ids = (match[1] ?? match[2] ?? match[3] ?? '').match(CITED)?.[0] ?? '';
      for (const id of ids.split(/[[\],\s]+/).filter((one) => one.includes('.') || /^L\d+$/.test(one)))
        cited.set(id, file);
    }
  }
  return cited;
}

test('every promise is cited by a test [house.coverage]', () => {
  const cited = citations();
  const uncovered = Object.keys(requirements).filter((id) => !cited.has(id));
  assert.deepEqual(uncovered, []);
});

test('every cited promise exists [house.coverage]', () => {
  const unknown = [...citations()].filter(([id]) => !(id in requirements));
  assert.deepEqual(unknown, []);
});
