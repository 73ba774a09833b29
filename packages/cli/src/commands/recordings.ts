import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { RecordingEvent } from '@sallyport/contract';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { asciicast } from '../export/asciicast.ts';
import { csv, replyCsv } from '../export/csv.ts';
import { har } from '../export/har.ts';
import { ndjson } from '../export/ndjson.ts';
import { exitCode, Failure } from '../failure.ts';
import { oneLine, type Terminal } from '../terminal.ts';

/** Each gives lines of a file. */
const formats = { ndjson, csv, asciicast, har } as const satisfies Record<
  string,
  (events: AsyncIterable<RecordingEvent>) => AsyncIterable<string>
>;

export interface ExportOptions extends ControlPlaneOptions {
  readonly format: string;
  /** The number of the operation whose reply is exported. */
  readonly operation?: number;
  readonly output?: string;
}

/** Writes a recording as a file of another kind. Hostile text in it is inert there, too. */
export async function exportRecording(id: string, options: ExportOptions, terminal: Terminal): Promise<void> {
  const { format, operation, output } = options;
  if (operation !== undefined && format !== 'csv')
    throw new Failure(exitCode.usage, '--operation is for --format csv.');
  const make = formats[format as keyof typeof formats];
  await asking(options, terminal, async (client) => {
    const events = client.recording({ id });
    const lines = operation === undefined ? make(events) : replyCsv(events, operation);
    if (output === undefined) for await (const line of lines) await write(line, terminal);
    else await writeFile(output, lines);
  });
}

export async function hold(
  id: string,
  options: ControlPlaneOptions & { readonly reason: string },
  terminal: Terminal,
): Promise<void> {
  await asking(options, terminal, (client) => client.holdRecording({ id, reason: options.reason }));
  terminal.out(`held: the recording of ${oneLine(id)} is kept until it is released`);
}

export async function release(
  id: string,
  options: ControlPlaneOptions & { readonly reason?: string },
  terminal: Terminal,
): Promise<void> {
  await asking(options, terminal, (client) =>
    client.releaseRecording({ id, ...(options.reason === undefined ? {} : { reason: options.reason }) }),
  );
  terminal.out(`released: the recording of ${oneLine(id)} is kept as long as any other`);
}

async function write(line: string, { pipe, out }: Terminal): Promise<void> {
  if (pipe === undefined) out(line);
  else await pipe.write(`${line}\n`);
}

/** A new file that only its owner reads; what is there already stays. */
async function writeFile(path: string, lines: AsyncIterable<string>): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  try {
    await once(file, 'open');
    for await (const line of lines) if (!file.write(`${line}\n`)) await once(file, 'drain');
    file.end();
    await once(file, 'close');
  } catch (cause) {
    file.destroy();
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === undefined) throw cause;
    throw new Failure(exitCode.failed, `Cannot write ${path} (${code}): name a new file with --output.`, {
      cause,
    });
  }
}
