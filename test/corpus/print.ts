import { corpus } from './corpus.ts';

for (const sample of corpus()) process.stdout.write(`${JSON.stringify(sample)}\n`);
