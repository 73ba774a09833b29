/** Shows one event of a recording. Everything in it came from a client or a target: nothing is printed as it is. */
import type { RecordingEvent } from '@sallyport/contract';
import { type Fields, fields, type Line, linesOf, list, text } from './recorded-fields.ts';
import { oneLine, pad, shorten, someLines, type Terminal, widthOf } from './terminal.ts';
import { offset } from './time.ts';

const INDENT = ' '.repeat(11);
const WIDEST_CELL = 40;

export function replayLines(
  event: RecordingEvent,
  terminal: Pick<Terminal, 'columns' | 'paint'>,
): readonly string[] {
  const at = typeof event.at === 'number' ? offset(event.at) : '';
  const { paint } = terminal;
  switch (event.kind) {
    case 'header':
      return header(fields(event.header), terminal);
    case 'operation':
      return operation(at, event, terminal);
    case 'reply':
      return reply(linesOf(event), terminal);
    case 'result':
      return [`${INDENT}${paint.dim(result(fields(event.result)))}`];
    case 'reply-truncated':
      return [`${INDENT}${paint.dim(`(${text(event.leftOut)} bytes of the reply were not kept)`)}`];
    case 'note':
      return [`${at}  ${paint.note(oneLine(text(event.text)))}`];
    case 'truncated':
      return [`${at}  ${paint.wait(oneLine(text(event.text)))}`];
    case 'end':
      return [`${at}  ${paint.bold('end')}: ${oneLine(text(event.reason))}`];
    case 'unfinished':
      return [paint.wait(`the recording ends here without an end: ${oneLine(text(event.reason))}`)];
    default:
      return [];
  }
}

function header(one: Fields, { paint }: Pick<Terminal, 'paint'>): readonly string[] {
  const identity = fields(one.identity);
  const actor = identity.actor === null ? '' : ` via ${text(identity.actor)}`;
  const where = [one.target, one.facet].map(text).filter((part) => part !== '');
  const line = `session ${text(one.sessionId)}: ${text(identity.displayName)}${actor} at ${where.join('/')} (${text(one.protocol)}, ${text(one.client)})`;
  return [paint.bold(oneLine(line))];
}

function operation(at: string, event: Fields, { paint }: Pick<Terminal, 'paint'>): readonly string[] {
  const one = fields(event.operation);
  const permitted = one.effect === 'permit';
  const effect = permitted ? paint.good('permit') : paint.bad('deny');
  const policies = list(one.policies);
  const by = policies.length === 0 ? '' : ` by ${oneLine(policies.join(', '))}`;
  const held = typeof one.heldMs === 'number' && one.heldMs > 0 ? `, held ${Math.round(one.heldMs)} ms` : '';
  const request = typeof one.requestId === 'string' ? `, request ${oneLine(one.requestId)}` : '';
  const why = permitted ? '' : `: ${oneLine(text(one.reason))}`;
  const [first = '', ...more] = someLines(text(one.text));
  const parameters = list(one.parameters).map((value, index) => `$${index + 1} = ${oneLine(value)}`);
  return [
    `${at}  ${paint.bold(first)}`,
    ...more.map((line) => `${INDENT}${paint.bold(line)}`),
    ...(parameters.length === 0 ? [] : [`${INDENT}${parameters.join(', ')}`]),
    `${INDENT}${effect}${paint.dim(`${by}${request}${held}, evaluation ${oneLine(text(one.evaluationId))}`)}${why}`,
  ];
}

function reply(lines: readonly Line[], terminal: Pick<Terminal, 'columns' | 'paint'>): readonly string[] {
  const shown: string[] = [];
  let rows: (readonly string[])[] = [];
  const flush = () => {
    shown.push(...grid(rows, terminal));
    rows = [];
  };
  for (const line of lines) {
    if (line.kind === 'columns' || line.kind === 'row') {
      if (line.kind === 'columns') flush();
      const cells = line.kind === 'columns' ? line.names : line.values;
      rows.push(
        (Array.isArray(cells) ? cells : []).map((cell) => (cell === null ? 'NULL' : oneLine(text(cell)))),
      );
      continue;
    }
    flush();
    const paint =
      line.kind === 'error' ? terminal.paint.bad : line.kind === 'notice' ? terminal.paint.note : String;
    for (const part of someLines(text(line.text))) shown.push(`${INDENT}${paint(part)}`);
  }
  flush();
  return shown;
}

function grid(
  rows: readonly (readonly string[])[],
  { columns }: Pick<Terminal, 'columns'>,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, Math.min(WIDEST_CELL, widthOf(cell)));
    }
  }
  const room = Math.max(20, columns - INDENT.length);
  return rows.map((row) => {
    const cells = row.map((cell, at) => pad(shorten(cell, widths[at] ?? 0), widths[at] ?? 0));
    return `${INDENT}${shorten(cells.join(' │ ').trimEnd(), room)}`;
  });
}

function result(one: Fields): string {
  const rows = one.rows === null ? '' : `, ${text(one.rows)} rows`;
  return oneLine(`${text(one.outcome)} (${text(one.status)})${rows}, ${text(one.bytes)} bytes`);
}
