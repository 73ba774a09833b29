/**
 * Writes the catalogs that tools look at policies with where there is no database: what a fresh one has, and the example
 * that the cases of the policy packs are about. `node tools/built-in-catalog.ts`, after the catalog query has changed.
 */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { exampleCatalog, freshCatalog } from '../test/fixtures/fresh-catalog.ts';

const file = new URL(
  '../packages/gateway/src/protocols/postgres/study/built-in-catalog.json.gz',
  import.meta.url,
);
const fresh = await freshCatalog();
const packed = gzipSync(JSON.stringify(fresh), { level: 9 });
writeFileSync(file, packed);
const example = `${JSON.stringify(await exampleCatalog(fresh))}\n`;
writeFileSync(new URL('../policies/packs/example-catalog.json', import.meta.url), example);
process.stdout.write(`${packed.length} and ${example.length} bytes\n`);
