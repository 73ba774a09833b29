/** Writes what a fresh database has, for tools that look at policies without one: `node tools/built-in-catalog.ts`. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { freshCatalog } from '../test/fixtures/fresh-catalog.ts';

const file = new URL(
  '../packages/gateway/src/protocols/postgres/study/built-in-catalog.json.gz',
  import.meta.url,
);
const packed = gzipSync(JSON.stringify(await freshCatalog()), { level: 9 });
writeFileSync(file, packed);
process.stdout.write(`${packed.length} bytes\n`);
