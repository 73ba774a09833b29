import type { ScanForm } from './column-types.ts';
import { malformed, ROW_HEADER, rowEnd } from './data-row.ts';
import { rewriteColumns } from './rewrite-rows.ts';
import type { RowPlan } from './row-plan.ts';
import { Sink, type SinkMemory, viewOf } from './sink.ts';

/** Masked rows: whole messages, or null when they pass as they came. */
export interface MaskedRows {
  readonly rows: number;
  readonly bytes: Buffer | null;
}

/** How many bytes of rows are judged at once where something is suspected somewhere. */
const BLOCK_BYTES = 4_096;
/** Stands for SQL NULL, by identity. */
const NULL = Buffer.alloc(0);

/**
 * Masks a run of whole DataRow messages, bytes [start, end). Throws WireError for a row that is not what the plan
 * was compiled for, or is malformed up to its last column of interest: none of the run is then delivered (L4, L8).
 */
export function maskRows(
  bytes: Buffer,
  start: number,
  end: number,
  plan: RowPlan,
  memory?: SinkMemory,
): MaskedRows {
  if (plan.idle) return { rows: countRows(bytes, start, end, plan), bytes: null };
  let rows: number;
  let source = bytes;
  let from = start;
  let to = end;
  let hidden: Buffer | null = null;
  if (plan.lastHidden >= 0) {
    const sink = new Sink(end - start + ((end - start) >> 2) + plan.growth, memory);
    const hide = plan.rewrites === null ? hideColumns : rewriteColumns;
    rows = hide(bytes, start, end, plan, sink);
    hidden = sink.take();
    source = hidden;
    from = 0;
    to = hidden.length;
  } else rows = countRows(bytes, start, end, plan);
  // Detectors look at what is left, so that what was hidden already does not cost a second look.
  const scrubbed =
    plan.lastScanned >= 0 && suspects(plan, source, from, to) ? scrubRows(source, from, to, plan) : null;
  return { rows, bytes: scrubbed ?? hidden };
}

function countRows(bytes: Buffer, start: number, end: number, plan: RowPlan): number {
  const view = viewOf(bytes);
  let rows = 0;
  for (let at = start; at < end; rows += 1) at = rowEnd(bytes, view, at, end, plan);
  return rows;
}

/**
 * The hot loop. Everything from the end of one hidden value to the next hidden value, in whichever row that is, is one
 * run and is copied at once; each changed row's length is set right where it was copied to.
 */
function hideColumns(bytes: Buffer, start: number, end: number, plan: RowPlan, sink: Sink): number {
  const view = viewOf(bytes);
  const { replacements, lastHidden, growth } = plan;
  let rows = 0;
  let copied = start;
  let at = start;
  while (at < end) {
    const last = rowEnd(bytes, view, at, end, plan);
    sink.reserve(last - copied + growth);
    let header = -1;
    let field = at + ROW_HEADER;
    for (let column = 0; column <= lastHidden; column += 1) {
      if (last - field < 4) throw malformed('a row ends inside a column');
      const length = view.getInt32(field);
      if (length < -1 || length > last - field - 4) throw malformed('a column has an impossible length');
      const replacement = replacements[column];
      const next = field + 4 + (length < 0 ? 0 : length);
      // A NULL stays one: there is no value to hide.
      if (replacement !== null && replacement !== undefined && length >= 0) {
        if (header < 0) header = sink.length + at - copied;
        sink.run(bytes, view, copied, field);
        const { view: out } = sink;
        let to = sink.length;
        for (let i = 0; i < replacement.length; i += 1, to += 1) out.setUint8(to, replacement[i] as number);
        sink.length = to;
        copied = next;
      }
      field = next;
    }
    if (lastHidden === plan.columns - 1 && field !== last)
      throw malformed('a row is longer than its columns');
    if (header >= 0) sink.view.setInt32(header + 1, sink.length + last - copied - header - 1);
    at = last;
    rows += 1;
  }
  sink.reserve(end - copied);
  sink.run(bytes, view, copied, end);
  return rows;
}

function suspects(plan: RowPlan, bytes: Buffer, start: number, end: number): boolean {
  if (plan.mask.suspects(bytes, start, end)) return true;
  return plan.scansJson && bytes.subarray(start, end).includes('\\u00');
}

/** Looks through rows of which some hold a detectable value: block by block, row by row, column by column. */
function scrubRows(bytes: Buffer, start: number, end: number, plan: RowPlan): Buffer | null {
  const view = viewOf(bytes);
  const sink = new Sink(end - start + plan.growth);
  let copied = start;
  let at = start;
  while (at < end) {
    let blockEnd = at;
    while (blockEnd < end && blockEnd - at < BLOCK_BYTES) blockEnd = rowEnd(bytes, view, blockEnd, end, plan);
    if (suspects(plan, bytes, at, blockEnd)) {
      while (at < blockEnd) {
        const last = rowEnd(bytes, view, at, end, plan);
        if (suspects(plan, bytes, at, last)) copied = scrubRow(bytes, view, at, last, plan, sink, copied);
        at = last;
      }
    }
    at = blockEnd;
  }
  if (copied === start) return null;
  sink.reserve(end - copied);
  sink.run(bytes, view, copied, end);
  return sink.take();
}

/** Scrubs one row [at, last); returns up to where the source is now copied. */
function scrubRow(
  bytes: Buffer,
  view: DataView,
  at: number,
  last: number,
  plan: RowPlan,
  sink: Sink,
  copiedBefore: number,
): number {
  let copied = copiedBefore;
  let header = -1;
  let field = at + ROW_HEADER;
  for (let column = 0; column <= plan.lastScanned; column += 1) {
    if (last - field < 4) throw malformed('a row ends inside a column');
    const length = view.getInt32(field);
    if (length < -1 || length > last - field - 4) throw malformed('a column has an impossible length');
    const next = field + 4 + (length < 0 ? 0 : length);
    const form = plan.scans[column];
    const scrubbed =
      form === undefined || form === 'none' || length <= 0
        ? null
        : scrubField(bytes, field + 4, next, form, plan);
    if (scrubbed !== null) {
      if (header < 0) header = sink.length + at - copied;
      sink.reserve(field - copied + 4 + scrubbed.length);
      sink.run(bytes, view, copied, field);
      sink.view.setInt32(sink.length, scrubbed === NULL ? -1 : scrubbed.length);
      sink.length += 4;
      sink.append(scrubbed);
      copied = next;
    }
    field = next;
  }
  if (header >= 0) sink.view.setInt32(header + 1, sink.length + last - copied - header - 1);
  return copied;
}

/** The value that replaces one, NULL itself, or null when it is clean. */
function scrubField(bytes: Buffer, start: number, end: number, form: ScanForm, plan: RowPlan): Buffer | null {
  const { mask } = plan;
  if (form === 'opaque') return mask.suspects(bytes, start, end) ? NULL : null;
  if (form === 'text') return mask.scrub(bytes, start, end);
  const version = form === 'jsonb' ? 1 : 0;
  const json = bytes.subarray(start + version, end);
  const scrubbed = mask.scrubJson(json);
  if (scrubbed === json) return null;
  return version === 0 ? scrubbed : Buffer.concat([bytes.subarray(start, start + 1), scrubbed]);
}
