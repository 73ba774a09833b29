/** Indexes a log in small steps until it is told otherwise, or killed; for tests only. */
import { IndexFile } from './index-file.ts';

const [, , log = '', directory = ''] = process.argv;
const index = new IndexFile({ log, directory }, 256);
process.stdout.write('open\n');
while (!index.step().atEnd);
index.close();
process.stdout.write('done\n');
