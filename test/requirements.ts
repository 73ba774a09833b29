/**
 * Every promise Sallyport makes, by id: `requirements/<room>.ts` each list those of one room. A test cites an id at the
 * end of its title, `… [identity.audience]`; coverage.test.ts fails for a promise without a test and the other way round.
 */
import { readdirSync } from 'node:fs';

const folder = new URL('./requirements/', import.meta.url);

/** Promise by id. Throws when two rooms claim one id: each would hide that the other is not tested. */
async function collect(): Promise<Readonly<Record<string, string>>> {
  const all: Record<string, string> = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const room: Record<string, Record<string, string>> = await import(new URL(file, folder).href);
    for (const [id, promise] of Object.values(room).flatMap((listed) => Object.entries(listed))) {
      if (id in all) throw new Error(`${file} promises ${id}, which another room has promised`);
      all[id] = promise;
    }
  }
  return all;
}

export const requirements = await collect();
