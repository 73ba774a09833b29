import { BackendType, MESSAGE_HEADER_BYTES } from '@sallyport/postgres-wire';
import { messageEnd } from './copy-hide.ts';
import type { CopyPlan } from './copy-plan.ts';
import type { CopyRows } from './copy-rows.ts';
import { Sink, type SinkMemory, viewOf } from './sink.ts';

/** How many bytes of rows are judged at once where something is suspected somewhere. */
const BLOCK_BYTES = 4_096;

/**
 * Masks whole CopyData messages, bytes [start, end), headers included. Returns the messages to deliver instead, which
 * may be none yet, or null when they pass as they came. Throws WireError when a row cannot be masked: it is withheld.
 */
export function maskCopyData(
  bytes: Buffer,
  start: number,
  end: number,
  plan: CopyPlan,
  memory?: SinkMemory,
): Buffer | null {
  const { rows } = plan;
  const view = viewOf(bytes);
  if (!rows.readsAll) return scrubMessages(bytes, view, start, end, rows, memory);
  const sink = new Sink(end - start + ((end - start) >> 2) + 64, memory);
  for (let at = start; at < end; ) {
    const written = sink.length;
    const hidden = rows.hide(bytes, view, at, end, sink);
    // Detectors look at what is left, so that what was hidden already does not cost a second look.
    if (hidden > at) scrubWritten(sink, written, rows);
    at = hidden;
    if (at < end) {
      const last = messageEnd(bytes, view, at, end);
      writeCopyData(sink, (out) => rows.push(bytes, at + MESSAGE_HEADER_BYTES, last, out));
      at = last;
    }
  }
  return sink.take();
}

/** What is left at CopyDone: the messages to deliver before it, or null. Throws WireError when a row was cut. */
export function finishCopy(plan: CopyPlan): Buffer | null {
  if (plan.withhold !== null) return null;
  const sink = new Sink(64);
  writeCopyData(sink, (out) => plan.rows.finish(out));
  return sink.length === 0 ? null : sink.take();
}

function scrubWritten(sink: Sink, from: number, rows: CopyRows): void {
  const scrubbed = scrubMessages(sink.bytes, sink.view, from, sink.length, rows);
  if (scrubbed === null) return;
  sink.length = from;
  sink.append(scrubbed);
}

/** Looks through messages: all at once, block by block, and one by one; null when they pass as they are. */
function scrubMessages(
  bytes: Buffer,
  view: DataView,
  start: number,
  end: number,
  rows: CopyRows,
  memory?: SinkMemory,
): Buffer | null {
  if (pass(bytes, view, start, end, rows)) return null;
  let sink: Sink | null = null;
  let copied = start;
  for (let at = start; at < end; ) {
    let blockEnd = at;
    while (blockEnd < end && blockEnd - at < BLOCK_BYTES) blockEnd = messageEnd(bytes, view, blockEnd, end);
    if (pass(bytes, view, at, blockEnd, rows)) at = blockEnd;
    while (at < blockEnd) {
      const last = messageEnd(bytes, view, at, blockEnd);
      if (!pass(bytes, view, at, last, rows)) {
        sink ??= new Sink(end - start + 64, memory);
        sink.reserve(at - copied);
        sink.run(bytes, view, copied, at);
        const body = at + MESSAGE_HEADER_BYTES;
        writeCopyData(sink, (out) => rows.push(bytes, body, last, out));
        copied = last;
      }
      at = last;
    }
  }
  if (sink === null) return null;
  sink.reserve(end - copied);
  sink.run(bytes, view, copied, end);
  return sink.take();
}

/** Whether the messages [start, end) are whole rows, as all are that were read, in which nothing is suspected. */
function pass(bytes: Buffer, view: DataView, start: number, end: number, rows: CopyRows): boolean {
  for (let at = start; at < end && !rows.readsAll; ) {
    const last = messageEnd(bytes, view, at, end);
    if (!rows.endsRow(bytes, view, at + MESSAGE_HEADER_BYTES, last)) return false;
    at = last;
  }
  return !rows.mask.suspects(bytes, start, end);
}

/** Writes one CopyData message around what `write` writes; none when that is nothing. */
function writeCopyData(sink: Sink, write: (sink: Sink) => void): void {
  const header = sink.length;
  sink.reserve(MESSAGE_HEADER_BYTES);
  sink.length += MESSAGE_HEADER_BYTES;
  write(sink);
  if (sink.length === header + MESSAGE_HEADER_BYTES) {
    sink.length = header;
    return;
  }
  sink.bytes[header] = BackendType.CopyData;
  sink.view.setInt32(header + 1, sink.length - header - 1);
}
