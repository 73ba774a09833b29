/** Reads what the gateway must know of a client's messages; PostgreSQL 18 documentation 54.7. All throw WireError. */
import { BodyReader } from '@sallyport/postgres-wire';
import type { ParameterForm } from '../protocol.ts';

export function readQuery(bytes: Buffer, start: number, end: number): string {
  const reader = new BodyReader(bytes, start, end);
  const text = reader.string();
  // A NUL inside would hide what follows it from a parser that stops there.
  reader.finish();
  return text;
}

export interface ParseMessage {
  readonly name: string;
  readonly text: string;
}

export function readParse(bytes: Buffer, start: number, end: number): ParseMessage {
  const reader = new BodyReader(bytes, start, end);
  const name = reader.string();
  const text = reader.string();
  reader.bytes(4 * reader.count());
  reader.finish();
  return { name, text };
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  /** Views into the client's chunk. */
  readonly parameters: readonly (Buffer | null)[];
  /** One for each parameter, or none when all are text. */
  readonly parameterForms: readonly ParameterForm[];
}

export function readBind(bytes: Buffer, start: number, end: number): BindMessage {
  const reader = new BodyReader(bytes, start, end);
  const portal = reader.string();
  const statement = reader.string();
  const codes: number[] = [];
  for (let left = reader.count(); left > 0; left -= 1) codes.push(reader.int16());
  const parameters: (Buffer | null)[] = [];
  for (let left = reader.count(); left > 0; left -= 1) parameters.push(reader.value());
  reader.bytes(2 * reader.count());
  reader.finish();
  return { portal, statement, parameters, parameterForms: formsOf(codes, parameters.length) };
}

const ALL_TEXT: readonly ParameterForm[] = [];

/** Format codes as Bind has them: none is text for all, one is for all, else one each (54.7, Bind). */
function formsOf(codes: readonly number[], parameters: number): readonly ParameterForm[] {
  if (!codes.includes(1)) return ALL_TEXT;
  const form = (code: number | undefined): ParameterForm => (code === 1 ? 'binary' : 'text');
  return Array.from({ length: parameters }, (_, at) => form(codes.length === 1 ? codes[0] : codes[at]));
}

export interface NamedMessage {
  readonly kind: 'statement' | 'portal' | 'unknown';
  readonly name: string;
}

/** Describe and Close: `S` or `P`, then a name. */
export function readNamed(bytes: Buffer, start: number, end: number): NamedMessage {
  const reader = new BodyReader(bytes, start, end);
  const kind = reader.uint8();
  const name = reader.string();
  reader.finish();
  return { kind: kind === 0x53 ? 'statement' : kind === 0x50 ? 'portal' : 'unknown', name };
}

/** Execute: the portal's name; the row limit is the target's business. */
export function readExecute(bytes: Buffer, start: number, end: number): string {
  const reader = new BodyReader(bytes, start, end);
  const portal = reader.string();
  reader.int32();
  reader.finish();
  return portal;
}
