/** `npm run docs`: writes docs/configuration.md from the schemas. */
import { writeFileSync } from 'node:fs';
import { describeConfig } from '@sallyport/gateway';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), describeConfig());
