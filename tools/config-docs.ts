/** `npm run docs`: writes docs/configuration.md from the schemas, and docs/openapi.json from the table of routes. */
import { writeFileSync } from 'node:fs';
import { openApiDocument } from '@sallyport/contract';
import { describeConfig } from '@sallyport/gateway';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), describeConfig());
const document = `${JSON.stringify(openApiDocument(), null, 2)}\n`;
writeFileSync(new URL('../docs/openapi.json', import.meta.url), document);
