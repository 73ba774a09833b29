/** Appends on every line it is sent and answers `ok` or the code of the error; for the disk-full test. */
import { createInterface } from 'node:readline';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';

const log = openLog(process.argv[2] ?? '', { checkpointMs: 0 });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    if (line === 'close') break;
    log.append({ form: 'x'.repeat(3000) });
    console.log('ok');
  } catch (error) {
    console.log(error instanceof LogError ? error.code : String(error));
  }
}
await log.close();
console.log('closed');
