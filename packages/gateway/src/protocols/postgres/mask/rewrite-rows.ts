import { malformed, ROW_HEADER, rowEnd } from './data-row.ts';
import type { RowPlan } from './row-plan.ts';
import { type Sink, viewOf } from './sink.ts';

/**
 * Hides the columns of rows as `hideColumns` of mask-rows.ts does, where some values have to be looked at to know what
 * is shown instead of them. Apart from it, so that what most plans do stays as fast as it is.
 */
export function rewriteColumns(bytes: Buffer, start: number, end: number, plan: RowPlan, sink: Sink): number {
  const view = viewOf(bytes);
  const { replacements, rewrites, lastHidden } = plan;
  let rows = 0;
  let copied = start;
  let at = start;
  while (at < end) {
    const last = rowEnd(bytes, view, at, end, plan);
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
        const shown = rewrites?.[column]?.(bytes, field + 4, next) ?? null;
        if (header < 0) header = sink.length + at - copied;
        sink.reserve(field - copied + 4);
        sink.run(bytes, view, copied, field);
        if (shown === null) sink.append(replacement);
        else {
          sink.view.setInt32(sink.length, shown.length);
          sink.length += 4;
          sink.append(shown);
        }
        copied = next;
      }
      field = next;
    }
    if (lastHidden === plan.columns - 1 && field !== last)
      throw malformed('a row is longer than its columns');
    // The header is in the sink, though the rest of its row may not be yet.
    if (header >= 0) sink.view.setInt32(header + 1, sink.length + last - copied - header - 1);
    at = last;
    rows += 1;
  }
  sink.reserve(end - copied);
  sink.run(bytes, view, copied, end);
  return rows;
}
