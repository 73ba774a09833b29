import type { TailEntry } from '@sallyport/audit-log';
import { ocsfEvent } from './formats/ocsf.ts';
import type { ExportConfig } from './section.ts';
import type { ExportEntry } from './sink.ts';

export type Format = ExportConfig['format'];

/** Fields of an entry as read: whoever wrote the file could have put anything there. */
export type Fields = Readonly<Record<string, unknown>>;

/** An entry of the log on its way out. A field this version does not know goes out all the same. */
export function exported({ seq, text }: TailEntry, format: Format): ExportEntry {
  const fields = JSON.parse(text) as Fields;
  return {
    seq,
    time: typeof fields.time === 'number' ? fields.time : 0,
    type: typeof fields.type === 'string' ? fields.type : 'unknown',
    denied: fields.effect === 'deny' || REFUSALS.has(String(fields.type)),
    // As it stands in the log, byte for byte: its hash is a leaf of the tree.
    line: format === 'ndjson' ? text : JSON.stringify(ocsfEvent(fields)),
  };
}

/** Types of entries that record a refusal without saying `effect`. */
const REFUSALS: ReadonlySet<string> = new Set(['authentication-failed', 'violation', 'policy-rejected']);
