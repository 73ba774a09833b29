/** Appends without pause until it is killed; for the crash tests. Arguments: the log, and where to note what was acknowledged. */
import { openSync, writeSync } from 'node:fs';
import { openLog } from './log.ts';

const [directory = '', acknowledged = ''] = process.argv.slice(2);
const log = openLog(directory, { segmentBytes: 256 * 1024, checkpointMs: 20 });
const fd = openSync(acknowledged, 'w');
const note = Buffer.alloc(8);

function turn(): void {
  for (let i = 0; i < 50; i++) {
    const seq = log.append({ form: `SELECT ${'x'.repeat(i * 20)}`, type: 'decision' });
    note.writeDoubleLE(seq);
    writeSync(fd, note, 0, 8, 0);
  }
  setImmediate(turn);
}

turn();
