import { setTimeout as wait } from 'node:timers/promises';
import type { RecordingEvent } from '@sallyport/contract';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { operationsWith } from '../recorded-search.ts';
import { replayLines } from '../replay-lines.ts';
import { jsonText, type Terminal } from '../terminal.ts';

export interface ReplayOptions extends ControlPlaneOptions {
  readonly json?: boolean;
  readonly instant?: boolean;
  /** How many times faster than it was. */
  readonly speed?: number;
  /** Milliseconds since the session began, from which on it is shown. */
  readonly seek?: number;
  /** Only operations, with their replies, that have this in them. */
  readonly search?: string;
  /** Goes on with what is recorded meanwhile. */
  readonly follow?: boolean;
}

/** Longest pause shown, in milliseconds: an agent may think for hours. */
const LONGEST_PAUSE = 3_000;

/** Plays a recording, at the pace it had or at once. */
export async function replay(id: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const { search, seek = 0, follow = false } = options;
  // A live session has its own pace, and who searches wants to know what there is.
  const atOnce = options.instant === true || follow || search !== undefined || options.json === true;
  await asking(options, terminal, async (client) => {
    let before = seek;
    const all = from(client.recording({ id, ...(follow === undefined ? {} : { follow }) }), seek);
    for await (const event of search === undefined ? all : operationsWith(all, search)) {
      const now = typeof event.at === 'number' ? event.at : before;
      if (!atOnce) await wait(Math.min((now - before) / (options.speed ?? 1), LONGEST_PAUSE));
      before = Math.max(before, now);
      if (options.json === true) terminal.out(jsonText(event));
      else for (const line of replayLines(event, terminal)) terminal.out(line);
    }
  });
}

/** What began at `seek` or later, and always the header. */
async function* from(events: AsyncIterable<RecordingEvent>, seek: number): AsyncGenerator<RecordingEvent> {
  const passed = new Set<unknown>();
  for await (const event of events) {
    const isEarly = typeof event.at === 'number' && event.at < seek;
    if (event.kind === 'operation' && isEarly) passed.add(event.number);
    const isOfOperation = event.kind !== 'note' && passed.has(event.number);
    if (event.kind === 'result') passed.delete(event.number);
    if (!isEarly && !isOfOperation) yield event;
  }
}
