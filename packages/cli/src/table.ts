import { pad, shorten, type Terminal, widthOf } from './terminal.ts';

/** Narrowest a column that gives way may become. */
const LEAST = 12;
const GAP = '  ';

/** Aligned columns; the last one gives way where the terminal is too narrow. Cells must be inert already. */
export function table(
  terminal: Pick<Terminal, 'columns' | 'paint'>,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = headings.map((heading, at) =>
    Math.max(widthOf(heading), ...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  const last = widths.length - 1;
  const others = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = Math.max(LEAST, terminal.columns - others);
  widths[last] = Math.min(widths[last] ?? 0, room);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => pad(shorten(cell, widths[at] ?? 0), at === last ? 0 : (widths[at] ?? 0)))
      .join(GAP);
  return [terminal.paint.bold(line(headings)), ...rows.map(line)];
}
