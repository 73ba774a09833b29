import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCode, Failure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';

/** The policies to begin with, as they are in the repository. */
export const starterPolicies = fileURLToPath(new URL('../../../../policies/starter', import.meta.url));

/** Policy packs: folders with policies, a few lines about them, and cases. */
const packs = fileURLToPath(new URL('../../../../policies/packs', import.meta.url));

/** Writes a commented configuration, and the starter policies or packs beside it. Never overwrites. */
export async function init(
  file: string,
  { pack: names = [] }: { readonly pack?: readonly string[] },
  terminal: Terminal,
): Promise<void> {
  const { exampleConfig } = await import('@sallyport/gateway');
  refuseUnknown(names);
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
    if (names.length === 0) copyPolicies(policies);
    else for (const name of names) copyPolicies(policies, join(packs, name));
    terminal.out(`wrote ${policies}: ${names.length === 0 ? 'the starter policies' : names.join(', ')}`);
  }
  terminal.out('');
  terminal.out('Next: fill in identity.issuers and targets, then');
  terminal.out(`  sallyport policy check ${policies}`);
  terminal.out(`  sallyport start --config ${file}`);
}

/** Packs that can be named. */
export function packNames(): readonly string[] {
  const entries = readdirSync(packs, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function refuseUnknown(names: readonly string[]): void {
  const known = packNames();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new Failure(exitCode.usage, `There is no pack "${unknown}": there are ${known.join(', ')}.`);
}

/** Copies policies into a directory, the starter policies if no other are named. */
export function copyPolicies(directory: string, from: string = starterPolicies): void {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(from).filter((one) => one.endsWith('.cedar'))) {
    copyFileSync(join(from, name), join(directory, name));
  }
}
