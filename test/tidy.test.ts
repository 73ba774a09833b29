/** The rules of the house that no other tool checks: doors, sizes, words. See CONTRIBUTING.md. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const FILE_LINES = 500;
const FUNCTION_LINES = 70;
const ROOMS = 'packages/gateway/src/';

/** Files git knows or could know; a file that is ignored is nobody's concern. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '');
const sources = tracked
  .filter((path) => /\.(ts|js)$/.test(path))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const production = sources.filter(
  ({ path }) => /^packages\/[^/]+\/src\//.test(path) && !/\.test(-support)?\.ts$/.test(path),
);

/** Every relative import of a file, as a path from the root. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);
  return found.map((name) => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name));
}

/** `data-path` for packages/gateway/src/data-path/x.ts; '' for a file that is in no room. */
function roomOf(path: string): string {
  const inside = path.startsWith(ROOMS) ? path.slice(ROOMS.length) : '';
  return inside.includes('/') ? (inside.split('/')[0] as string) : '';
}

function protocolOf(path: string): string {
  return path.match(/\/protocols\/([^/]+)\//)?.[1] ?? '';
}

function list(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n  ${problems.join('\n  ')}`);
}

test('lib imports nothing of ours [house.doors]', () => {
  list(
    production
      .filter(({ path }) => roomOf(path) === 'lib')
      .flatMap((file) =>
        importsOf(file).filter((name) => name.startsWith('packages/') && roomOf(name) !== 'lib'),
      )
      .map((name) => `lib imports ${name}`),
  );
});

test('rooms meet only through each other’s index.ts [house.doors]', () => {
  const problems: string[] = [];
  for (const file of production.filter(({ path }) => roomOf(path) !== '')) {
    for (const name of importsOf(file)) {
      const [here, there] = [roomOf(file.path), roomOf(name)];
      if (there === '' || there === here || there === 'lib') continue;
      if (name === `${ROOMS}${there}/index.ts` || name === `${ROOMS}protocols/protocol.ts`) continue;
      problems.push(`${file.path} reaches past the door of ${there}: ${name}`);
    }
  }
  list(problems);
});

test('a protocol imports the interface, lib and itself, so it cannot permit anything [house.doors]', () => {
  const problems: string[] = [];
  for (const file of production.filter(({ path }) => protocolOf(path) !== '')) {
    for (const name of importsOf(file).filter((one) => one.startsWith('packages/'))) {
      const own = protocolOf(name) === protocolOf(file.path);
      if (!own && name !== `${ROOMS}protocols/protocol.ts` && roomOf(name) !== 'lib')
        problems.push(`${file.path}: ${name}`);
    }
  }
  list(problems);
});

test('the data path names no protocol and the control plane does not reach into it [house.doors]', () => {
  const problems: string[] = [];
  for (const file of production) {
    const here = roomOf(file.path);
    for (const name of importsOf(file)) {
      if (here === 'data-path' && protocolOf(name) !== '') problems.push(`${file.path}: ${name}`);
      if (here === 'control-plane' && roomOf(name) === 'data-path') problems.push(`${file.path}: ${name}`);
    }
    if (here === 'data-path' && /['"`](postgres|mysql|ssh|kubernetes|http|mcp)['"`]/.test(file.text)) {
      problems.push(`${file.path} knows a protocol by name`);
    }
  }
  list(problems);
});

test('only config reads the environment of the gateway [house.doors]', () => {
  list(
    production
      .filter(
        ({ path, text }) =>
          path.startsWith(ROOMS) && roomOf(path) !== 'config' && /process\.env\b/.test(text),
      )
      .map(({ path }) => path),
  );
});

test('files are at most 500 lines and functions at most 70 [house.sizes]', () => {
  const problems: string[] = [];
  for (const { path, text } of sources) {
    const lines = text.split('\n');
    if (lines.length > FILE_LINES) problems.push(`${path} has ${lines.length} lines`);
    if (/\.test\.ts$/.test(path)) continue;
    for (const { line, length } of functionLengths(lines)) {
      if (length > FUNCTION_LINES) problems.push(`${path}:${line} is a function of ${length} lines`);
    }
  }
  list(problems);
});

/** Functions and methods of formatted code: from the line that opens one to the line that closes it, by indentation. */
function functionLengths(lines: readonly string[]): { line: number; length: number }[] {
  const found: { line: number; length: number }[] = [];
  const opens =
    /^(\s*)(?:export\s+)?(?:(?:async\s+)?function\b|(?:static\s+|readonly\s+|override\s+|async\s+)*#?[\w$]+\s*\([^;]*\)\s*(?::[^=;]+)?\{$)/;
  for (const [at, line] of lines.entries()) {
    const indent = line.match(opens)?.[1];
    if (indent === undefined || /^\s*(if|for|while|switch|catch|return)\b/.test(line)) continue;
    const end = lines.findIndex((other, index) => index > at && other.startsWith(`${indent}}`));
    if (end > at) found.push({ line: at + 1, length: end - at + 1 });
  }
  return found;
}

test('no name is one that says nothing [house.words]', () => {
  const banned = /(^|[-/.])(utils?|helpers?|common|misc|managers?|v2)([-/.]|$)/i;
  list(tracked.filter((path) => banned.test(path)));
});

test('there is no default export, no export of everything, no ticket and no leftover [house.words]', () => {
  const problems: string[] = [];
  for (const { path, text } of sources) {
    if (path === 'test/tidy.test.ts') continue;
    for (const [at, line] of text.split('\n').entries()) {
      if (
        /^export default\b|^export \*|\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)|\.(only|skip)\(/.test(
          line,
        )
      ) {
        problems.push(`${path}:${at + 1}: ${line.trim()}`);
      }
    }
  }
  list(problems);
});
