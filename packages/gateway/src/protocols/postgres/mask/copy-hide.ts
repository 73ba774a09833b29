import { BackendType, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { Sink } from './sink.ts';

/** Finds the hidden values of one row in one of the formats. */
export interface HiddenFields {
  /** What is sent instead, for each hidden column in turn. */
  readonly replacements: readonly Uint8Array[];
  /** Where each of them begins and ends in the row located last; it begins at −1 when it is NULL and stays so. */
  readonly spans: Int32Array;
  /** Whether the message body [start, end) is exactly one row, of as many columns as there must be: `spans` is then its. */
  locate(bytes: Buffer, start: number, end: number, view: DataView): boolean;
}

/**
 * The hot loop of COPY: writes messages from `start` on for as long as each is one row, and returns where it stopped.
 * Everything between two hidden values, in whichever message they are, is one run and is copied at once; each changed
 * message's length is set right where it was copied to.
 */
export function hideFields(
  bytes: Buffer,
  view: DataView,
  start: number,
  end: number,
  fields: HiddenFields,
  sink: Sink,
): number {
  const { replacements, spans } = fields;
  let copied = start;
  let at = start;
  while (at < end) {
    const last = messageEnd(bytes, view, at, end);
    if (!fields.locate(bytes, at + MESSAGE_HEADER_BYTES, last, view)) break;
    let header = -1;
    for (let i = 0; i < replacements.length; i += 1) {
      const from = spans[2 * i] as number;
      if (from < 0) continue;
      const replacement = replacements[i] as Uint8Array;
      if (header < 0) header = sink.length + at - copied;
      sink.reserve(from - copied + replacement.length);
      sink.run(bytes, view, copied, from);
      const { view: out } = sink;
      let to = sink.length;
      for (let j = 0; j < replacement.length; j += 1, to += 1) out.setUint8(to, replacement[j] as number);
      sink.length = to;
      copied = spans[2 * i + 1] as number;
    }
    // The header is in the sink, though the rest of its message may not be yet.
    if (header >= 0) sink.view.setInt32(header + 1, sink.length + last - copied - header - 1);
    at = last;
  }
  sink.reserve(at - copied);
  sink.run(bytes, view, copied, at);
  return at;
}

/** Where the CopyData message at `at` ends. Throws WireError when none begins there, or it ends beyond `end`. */
export function messageEnd(bytes: Buffer, view: DataView, at: number, end: number): number {
  if (end - at < MESSAGE_HEADER_BYTES || bytes[at] !== BackendType.CopyData) throw noCopyData();
  const length = view.getInt32(at + 1);
  if (length < 4 || length > end - at - 1) throw noCopyData();
  return at + 1 + length;
}

function noCopyData(): WireError {
  return new WireError('read-past-end', 'no CopyData message where one must begin: the rows are withheld');
}
