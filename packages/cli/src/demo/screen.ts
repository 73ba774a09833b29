/** What the tour shows: the agent on the left, Sallyport on the right; one under the other where there is no room. */
import { oneLine, type Paint, pad, shorten, someLines, type Terminal, widthOf, wrap } from '../terminal.ts';
import type { Observation } from './agent.ts';
import type { LoggedDecision } from './decisions.ts';

/** One line, with the colour it gets when everything is laid out. */
export interface Shown {
  readonly text: string;
  readonly paint?: keyof Paint;
}

const TWO_COLUMNS_FROM = 100;
const WIDEST = 140;
const ROWS_SHOWN = 8;
const CELL_SHOWN = 48;

export function title(terminal: Terminal, text: string): void {
  terminal.out('');
  terminal.out(
    terminal.paint.bold(
      `── ${text} ${'─'.repeat(Math.max(0, Math.min(terminal.columns, WIDEST) - text.length - 4))}`,
    ),
  );
}

/** Lays two columns out side by side, or stacks them. */
export function sideBySide(terminal: Terminal, left: readonly Shown[], right: readonly Shown[]): void {
  const width = Math.min(terminal.columns, WIDEST);
  if (width < TWO_COLUMNS_FROM) {
    for (const line of [
      ...left,
      { text: 'Sallyport:' },
      ...right.map((one) => ({ ...one, text: `  ${one.text}` })),
    ].flatMap((one) => fold(one, width)))
      terminal.out(coloured(terminal, line, line.text));
    return;
  }
  const half = Math.floor((width - 3) / 2);
  const leftLines = left.flatMap((one) => fold(one, half));
  const rightLines = right.flatMap((one) => fold(one, half));
  for (let at = 0; at < Math.max(leftLines.length, rightLines.length); at++) {
    const [one, other] = [leftLines[at] ?? { text: '' }, rightLines[at] ?? { text: '' }];
    const line = `${coloured(terminal, one, pad(one.text, half))} ${terminal.paint.dim('│')} ${coloured(terminal, other, other.text)}`;
    terminal.out(line.trimEnd());
  }
}

function fold(line: Shown, width: number): readonly Shown[] {
  const indent = ' '.repeat(Math.min(line.text.length - line.text.trimStart().length, 12));
  const [head = '', ...rest] = wrap(line.text.trimStart(), width - indent.length);
  return [head, ...rest.map((part) => `  ${part}`)].map((text) => ({
    ...line,
    text: shorten(indent + text, width),
  }));
}

function coloured(terminal: Terminal, { paint }: Shown, text: string): string {
  return paint === undefined ? text : terminal.paint[paint](text);
}

export function thinking(thought: string, sql: string): readonly Shown[] {
  return [
    { text: `Thought: ${oneLine(thought)}`, paint: 'note' },
    { text: 'Action:' },
    ...someLines(sql).map((line) => ({ text: `  ${line}`, paint: 'bold' as const })),
  ];
}

/** What the agent saw; everything in it came from a database. */
export function observed(observation: Observation): readonly Shown[] {
  const { error, columns, rows, tag } = observation;
  if (error !== null) {
    const parts = [
      `${error.code} ${error.message}`,
      error.detail,
      error.hint === '' ? '' : `Hint: ${error.hint}`,
    ];
    return [
      { text: 'Observation:' },
      ...parts
        .filter((part) => part !== '')
        .map((part) => ({ text: `  ${oneLine(part)}`, paint: 'bad' as const })),
    ];
  }
  if (columns.length === 0) return [{ text: `Observation: ${oneLine(tag)}` }];
  const shown = [columns, ...rows.slice(0, ROWS_SHOWN)].map((row) =>
    row.map((cell) => shorten(oneLine(cell ?? 'NULL'), CELL_SHOWN)),
  );
  const widths = columns.map((_, at) => Math.max(...shown.map((row) => widthOf(row[at] ?? ''))));
  const lines = shown.map((row) => ({
    text: `  ${row
      .map((cell, at) => pad(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd()}`,
  }));
  const more =
    rows.length > ROWS_SHOWN ? [{ text: `  … ${rows.length - ROWS_SHOWN} more`, paint: 'dim' as const }] : [];
  return [{ text: 'Observation:' }, ...lines, ...more];
}

/** What the log says was decided. */
export function decided(decision: LoggedDecision): readonly Shown[] {
  const { effect, evaluationId, policies, actions, reason, requestId } = decision;
  const permitted = effect === 'permit';
  const lines: Shown[] = [
    {
      text: `${effect}${actions.length === 0 ? '' : `: ${actions.join(', ')}`}`,
      paint: permitted ? 'good' : 'bad',
    },
  ];
  if (policies.length > 0) lines.push({ text: `  by ${policies.map(oneLine).join(', ')}` });
  if (reason !== '') lines.push({ text: `  ${oneLine(reason)}` });
  if (requestId !== '') lines.push({ text: `  on access request ${oneLine(requestId)}` });
  lines.push({ text: `  evaluation ${oneLine(evaluationId)}`, paint: 'dim' });
  return lines;
}

/** How much of the reply the agent did not get to see. */
export function masked({ columns, rows }: Observation): readonly Shown[] {
  const hidden = columns.filter((_, at) => rows.some((row) => row[at] === '***'));
  const inText = columns.filter((_, at) =>
    rows.some((row) => row[at] !== '***' && row[at]?.includes('***') === true),
  );
  const lines: Shown[] = [];
  if (hidden.length > 0) lines.push({ text: `masked: ${hidden.map(oneLine).join(', ')}`, paint: 'wait' });
  if (inText.length > 0)
    lines.push({ text: `masked inside: ${inText.map(oneLine).join(', ')}`, paint: 'wait' });
  return lines;
}
