/** Reads the events of a recording as what they are: JSON that nobody vouches for. */
import type { RecordingEvent } from '@sallyport/contract';

export type Fields = Readonly<Record<string, unknown>>;
/** A line of a reply. */
export type Line = Fields & { readonly kind?: unknown };

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((one) => (one === null ? 'NULL' : text(one))) : [];
}

export function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

export function linesOf(event: RecordingEvent): readonly Line[] {
  return Array.isArray(event.lines) ? event.lines.map(fields) : [];
}

export function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
