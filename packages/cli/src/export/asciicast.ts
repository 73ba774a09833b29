import type { RecordingEvent } from '@sallyport/contract';
import { type Fields, fields, number, text } from '../recorded-fields.ts';
import { replayLines } from '../replay-lines.ts';
import { createPaint, oneLine, shorten } from '../terminal.ts';
import { inertJson } from './inert-json.ts';

const COLUMNS = 120;
const ROWS = 40;
/** Longest pause a player shows, in seconds. */
const IDLE = 3;
const LABEL = 80;

/** The session as a terminal would have shown it (asciicast v3): what was asked, what policy said, what came back. */
export async function* asciicast(events: AsyncIterable<RecordingEvent>): AsyncGenerator<string> {
  const terminal = { columns: COLUMNS, paint: createPaint(true) };
  let before = 0;
  for await (const event of events) {
    if (event.kind === 'header') yield inertJson(headOf(fields(event.header)));
    const at = Math.max(before, number(event.at) || before);
    const step = () => {
      const interval = (at - before) / 1_000;
      before = at;
      return interval;
    };
    if (event.kind === 'operation') {
      const label = `${number(event.number)}: ${shorten(oneLine(text(fields(event.operation).text)), LABEL)}`;
      yield inertJson([step(), 'm', label]);
    }
    const lines = replayLines(event, terminal);
    if (lines.length > 0) yield inertJson([step(), 'o', lines.map((line) => `${line}\r\n`).join('')]);
    if (event.kind === 'end' || event.kind === 'unfinished')
      yield inertJson([step(), 'x', event.kind === 'end' ? '0' : '1']);
  }
}

function headOf(header: Fields): object {
  return {
    version: 3,
    term: { cols: COLUMNS, rows: ROWS, type: 'xterm-256color' },
    timestamp: Math.floor(number(header.startedAt) / 1_000),
    idle_time_limit: IDLE,
    title: oneLine(`session ${text(header.sessionId)} at ${text(header.target)}`),
  };
}
