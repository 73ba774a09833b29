/** `npm run check`: everything CI runs, in order of how soon it can fail. Stops at the first that does. */
import { spawnSync } from 'node:child_process';

const STEPS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', 'biome', 'ci', '.'],
  ['lint with types', 'oxlint', '--type-aware'],
  ['types', 'tsc', '--noEmit'],
  ['tests, tidiness and requirement coverage', 'node', 'tools/test.ts', ...process.argv.slice(2)],
];

for (const [name, command, ...args] of STEPS) {
  process.stdout.write(`\n▸ ${name}\n`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write(`\ncheck failed at: ${name}\n`);
    process.exit(1);
  }
}
process.stdout.write('\ncheck passed\n');
