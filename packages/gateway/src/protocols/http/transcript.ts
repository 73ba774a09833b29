import type { Transcript } from '../protocol.ts';

/** Most lines and characters of one line that are shown of a recorded reply. */
const SHOWN_LINES = 500;
const SHOWN_CHARS = 4_000;

/** A recorded reply as lines to show: its status, its header fields, its body. Hostile bytes: never throws. */
export function transcribe(reply: Buffer): readonly Transcript[] {
  const end = reply.indexOf('\r\n\r\n');
  const head = reply.toString('latin1', 0, end < 0 ? reply.length : end).split('\r\n', SHOWN_LINES);
  const [start = '', ...fields] = head;
  const status = /^HTTP\/1\.1 (\d{3})(?: ([\x20-\x7e]*))?$/.exec(start);
  if (status === null) return reply.length === 0 ? [] : [{ kind: 'text', text: clip(start) }];
  const lines: Transcript[] = [
    { kind: Number(status[1]) < 400 ? 'complete' : 'error', text: clip(start.slice('HTTP/1.1 '.length)) },
    ...fields.map((field) => ({ kind: 'notice', text: clip(field) }) as const),
  ];
  const body = end < 0 ? '' : reply.toString('utf8', end + 4);
  if (body === '') return lines;
  const shown = body.split('\n', SHOWN_LINES + 1).map((line) => line.replace(/\r$/, ''));
  if (shown.at(-1) === '') shown.pop();
  for (const line of shown.slice(0, SHOWN_LINES)) lines.push({ kind: 'text', text: clip(line) });
  if (shown.length > SHOWN_LINES) lines.push({ kind: 'notice', text: `… more than ${SHOWN_LINES} lines` });
  return lines;
}

function clip(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
