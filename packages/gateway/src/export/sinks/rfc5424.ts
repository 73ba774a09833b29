import { hostname } from 'node:os';
import type { ExportEntry } from '../sink.ts';

/** RFC 5424, table 1: log audit. */
const FACILITY = 13;
/** RFC 5424, table 2. */
const WARNING = 4;
const INFORMATIONAL = 6;
/** RFC 5424, 7.3.1: numbers go from 1 to this, and begin again. */
const MOST_SEQUENCE = 2_147_483_647;

/** An entry as a frame of RFC 5425: its length, a space, the message of RFC 5424. */
export function syslogFrame(entry: ExportEntry): Buffer {
  const priority = FACILITY * 8 + (entry.denied ? WARNING : INFORMATIONAL);
  const host = headerText(hostname(), 255);
  const time = new Date(entry.time).toISOString();
  const data = `[meta sequenceId="${(entry.seq % MOST_SEQUENCE) + 1}"]`;
  const header = `<${priority}>1 ${time} ${host} sallyport - ${headerText(entry.type, 32)} ${data}`;
  const message = `${header} ${inAscii(entry.line)}`;
  return Buffer.from(`${message.length} ${message}`, 'latin1');
}

/** A field of the header: printable ASCII without spaces, or the nil value (RFC 5424, 6). */
function headerText(text: string, most: number): string {
  const printable = text.replace(/[^\x21-\x7e]/g, '').slice(0, most);
  return printable === '' ? '-' : printable;
}

/**
 * JSON with all but ASCII escaped. Otherwise the message would have to begin with a byte order mark (RFC 5424, 6.4), which
 * receivers that read JSON stumble over. JSON has no line end or other control character in it: one entry is one message.
 */
function inAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
