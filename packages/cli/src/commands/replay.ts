import { setTimeout as wait } from 'node:timers/promises';
import type { RecordingEvent } from '@sallyport/contract';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { replayLines } from '../replay-lines.ts';
import { jsonText, type Terminal } from '../terminal.ts';

export interface ReplayOptions extends ControlPlaneOptions {
  readonly json?: boolean;
  readonly instant?: boolean;
  /** How many times faster than it was. */
  readonly speed?: number;
}

/** Longest pause shown, in milliseconds: an agent may think for hours. */
const LONGEST_PAUSE = 3_000;

/** Plays a recording, at the pace it had or at once. */
export async function replay(id: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  await asking(options, terminal, async (client) => {
    let before = 0;
    for await (const event of client.recording(id)) {
      if (options.json === true) {
        terminal.out(jsonText(event));
        continue;
      }
      const now = typeof event.at === 'number' ? event.at : before;
      if (options.instant !== true)
        await wait(Math.min((now - before) / (options.speed ?? 1), LONGEST_PAUSE));
      before = Math.max(before, now);
      for (const line of replayLines(event satisfies RecordingEvent, terminal)) terminal.out(line);
    }
  });
}
