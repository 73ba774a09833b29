/** Builds messages byte by byte, without the code that is tested, and reads them back the same way. */

export function int32(value: number): Buffer {
  return Buffer.from([(value >> 24) & 0xff, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]);
}

export function int16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 0xff, value & 0xff]);
}

export function message(type: string, ...body: readonly (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(body.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from(type), int32(bytes.length + 4), bytes]);
}

export type Value = string | Buffer | null;

export function field(value: Value): Buffer {
  if (value === null) return int32(-1);
  const bytes = Buffer.from(value as string);
  return Buffer.concat([int32(bytes.length), bytes]);
}

export function row(...values: readonly Value[]): Buffer {
  return message('D', int16(values.length), ...values.map(field));
}

export interface Column {
  readonly name: string;
  readonly table?: number;
  readonly attribute?: number;
  readonly type?: number;
  readonly binary?: boolean;
}

/** The body of a RowDescription; a column without more is a text of no table. */
export function description(...columns: readonly Column[]): Buffer {
  return Buffer.concat([
    int16(columns.length),
    ...columns.map(({ name, table = 0, attribute = 0, type = 25, binary = false }) =>
      Buffer.concat([
        Buffer.from(`${name}\0`),
        int32(table),
        int16(attribute),
        int32(type),
        int16(-1),
        int32(-1),
        int16(binary ? 1 : 0),
      ]),
    ),
  ]);
}

/** Rows as they would be read by a strict client: every length must fit. */
export function readRows(bytes: Buffer): (string | null)[][] {
  const rows: (string | null)[][] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 0x44) throw new Error(`no row at ${at}`);
    const end = at + 1 + bytes.readInt32BE(at + 1);
    const values: (string | null)[] = [];
    let from = at + 7;
    for (let i = 0; i < bytes.readInt16BE(at + 5); i += 1) {
      const length = bytes.readInt32BE(from);
      values.push(length < 0 ? null : bytes.toString('latin1', from + 4, from + 4 + length));
      from += 4 + Math.max(0, length);
    }
    if (from !== end || end > bytes.length) throw new Error(`the row at ${at} does not fit its length`);
    rows.push(values);
    at = end;
  }
  return rows;
}

/** The bodies of CopyData messages, joined. */
export function readCopy(bytes: Buffer): Buffer {
  const bodies: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 0x64) throw new Error(`no CopyData at ${at}`);
    const end = at + 1 + bytes.readInt32BE(at + 1);
    bodies.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return Buffer.concat(bodies);
}
