import { exitCode, Failure } from '../../failure.ts';
import { jsonText, type Terminal } from '../../terminal.ts';
import { databaseOf, deskFor, withBench } from './bench.ts';
import type { CatalogFile } from './catalog-file.ts';

/** Prints what a target's database has in it, names and no data, for commands that run where it cannot be reached. */
export async function catalog(
  target: string,
  database: string | undefined,
  options: { readonly config: string },
  terminal: Terminal,
): Promise<void> {
  await withBench({ config: options.config, catalog: 'live' }, terminal, async ({ config, workbench }) => {
    const facet = databaseOf(config, target, database);
    const saved = await (await deskFor(workbench, target, facet)).save();
    if (saved === null)
      throw new Failure(exitCode.usage, `Target ${target} has no catalog: policies on it need none.`);
    const file: CatalogFile = { target, database: facet, catalog: saved };
    terminal.out(jsonText(file));
  });
}
