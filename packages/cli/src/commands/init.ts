import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCode, Failure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';

/** The policies to begin with, as they are in the repository. */
export const starterPolicies = fileURLToPath(new URL('../../../../policies/starter', import.meta.url));

/** Writes a commented configuration, and the starter policies beside it. Never overwrites. */
export async function init(file: string, terminal: Terminal): Promise<void> {
  const { exampleConfig } = await import('@sallyport/gateway');
  const directory = dirname(resolve(file));
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(file, exampleConfig(), { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new Failure(
      exitCode.usage,
      `${file} is there already, and init never overwrites: name another file.`,
      { cause },
    );
  }
  terminal.out(`wrote ${file}`);
  const policies = join(directory, 'policies');
  if (existsSync(policies)) terminal.out(`kept ${policies} as it is`);
  else {
    copyPolicies(policies);
    terminal.out(`wrote ${policies}: the starter policies`);
  }
  terminal.out('');
  terminal.out('Next: fill in identity.issuers and targets, then');
  terminal.out(`  sallyport policy check ${policies}`);
  terminal.out(`  sallyport start --config ${file}`);
}

/** Copies the starter policies into a new directory. */
export function copyPolicies(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(starterPolicies).filter((one) => one.endsWith('.cedar'))) {
    copyFileSync(join(starterPolicies, name), join(directory, name));
  }
}
