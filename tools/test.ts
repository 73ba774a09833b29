/**
 * Runs the tests: `npm test`, or `npm test -- packages/policy` for those below a path.
 * Ends with one line, `N passed, N failed`, and exits 1 when any failed or when none ran.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const PATTERNS = ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'];
/** Longest time for one test, in milliseconds: a test that hangs is a failure, not a wait. */
const TEST_MS = 900_000;

const wanted = process.argv.slice(2);
const files = globSync(PATTERNS, { exclude: ['**/node_modules/**'] })
  .filter((file) => wanted.length === 0 || wanted.some((path) => file.includes(path)))
  .sort();

let passed = 0;
let failed = 0;
const failures: string[] = [];
// A file is a test of its own to the runner; only what is inside one is counted.
const counted = (details: {
  nesting: number;
  file?: string;
  name: string;
  type?: string | undefined;
}): boolean => details.type !== 'suite' && !(details.nesting === 0 && details.name === details.file);

const stream = run({ files, concurrency: Math.max(2, availableParallelism()), timeout: TEST_MS });
stream.on('test:pass', (event) => {
  if (counted({ ...event, type: event.details.type })) passed += 1;
});
stream.on('test:fail', (event) => {
  if (event.details.type === 'suite') return;
  failed += 1;
  failures.push(`${event.file ?? ''}: ${event.name}`);
});
stream.on('test:stderr', () => undefined);
stream.compose(spec).pipe(process.stdout);
stream.on('close', () => undefined);
process.on('exit', () => {
  for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
});
