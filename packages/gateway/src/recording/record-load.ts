/** Records without pause until it is killed; for the crash test. Argument: a folder. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRecording } from './index.ts';
import { done, header, operation, tryOutIn } from './try-out.ts';

const root = process.argv[2] ?? '';
const { recorder, directory } = tryOutIn(root);
const recordings = Array.from({ length: 10 }, (_, i) => recorder.begin(header(`s${process.pid}-${i}`)));
let count = 0;
setInterval(() => {
  for (const recording of recordings) {
    const tape = recording.operation(operation(`SELECT ${++count}`));
    tape.reply(Buffer.alloc(2000, 'x'), 0, 2000);
    tape.end(done);
  }
}, 1);
// Under way once each has more than its header on disk, however slow that is.
const paths = recordings.map((_, i) => findRecording(directory, `s${process.pid}-${i}`) ?? '');
const sizes = paths.map((path) => statSync(path).size);
const look = setInterval(() => {
  if (paths.some((path, i) => statSync(path).size < (sizes[i] ?? 0) + 2000)) return;
  clearInterval(look);
  writeFileSync(join(root, 'under-way'), '');
}, 10);
