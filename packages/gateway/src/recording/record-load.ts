/** Records without pause until it is killed; for the crash test. Argument: a folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { done, header, operation, tryOutIn } from './try-out.ts';

const root = process.argv[2] ?? '';
const { recorder } = tryOutIn(root);
const recordings = Array.from({ length: 10 }, (_, i) => recorder.begin(header(`s${process.pid}-${i}`)));
let count = 0;
setInterval(() => {
  for (const recording of recordings) {
    const tape = recording.operation(operation(`SELECT ${++count}`));
    tape.reply(Buffer.alloc(2000, 'x'), 0, 2000);
    tape.end(done);
  }
}, 1);
setTimeout(() => writeFileSync(join(root, 'under-way'), ''), 60);
