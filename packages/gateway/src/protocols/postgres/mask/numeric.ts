/** numeric in binary format, as `numeric_send` of PostgreSQL writes it: four decimal digits to each 16-bit group. */

const POSITIVE = 0x0000;
const NEGATIVE = 0x4000;
const HEADER_BYTES = 8;
const GROUP = 10_000;
/** Most groups of digits on either side of the point that are read (L10). */
const GROUPS = 250;

/** The decimal text of a value; null for what is no finite number, not well formed, or longer than anybody needs. */
export function numericText(bytes: Buffer, start: number, end: number): string | null {
  if (end - start < HEADER_BYTES) return null;
  const count = bytes.readUInt16BE(start);
  const weight = bytes.readInt16BE(start + 2);
  const sign = bytes.readUInt16BE(start + 4);
  const scale = bytes.readUInt16BE(start + 6);
  if (sign !== POSITIVE && sign !== NEGATIVE) return null;
  if (count > GROUPS || Math.abs(weight) > GROUPS || scale > 4 * GROUPS) return null;
  if (end - start !== HEADER_BYTES + 2 * count) return null;
  let whole = '';
  let part = '';
  for (let power = Math.max(weight, 0); power >= -Math.ceil(scale / 4); power -= 1) {
    const at = weight - power;
    const group = at >= 0 && at < count ? bytes.readUInt16BE(start + HEADER_BYTES + 2 * at) : 0;
    if (group >= GROUP) return null;
    if (power >= 0) whole += String(group).padStart(4, '0');
    else part += String(group).padStart(4, '0');
  }
  const digits = whole.replace(/^0+(?=[0-9])/, '');
  return `${sign === NEGATIVE ? '-' : ''}${digits}${scale === 0 ? '' : `.${part.slice(0, scale)}`}`;
}

/** A decimal text in binary format. */
export function numericBytes(text: string): Buffer {
  const negative = text.startsWith('-');
  const [whole = '', part = ''] = (negative ? text.slice(1) : text).split('.');
  const padded =
    whole.padStart(Math.ceil(whole.length / 4) * 4, '0') + part.padEnd(Math.ceil(part.length / 4) * 4, '0');
  const groups: number[] = [];
  for (let at = 0; at < padded.length; at += 4) groups.push(Number(padded.slice(at, at + 4)));
  let weight = Math.ceil(whole.length / 4) - 1;
  while (groups[0] === 0) {
    groups.shift();
    weight -= 1;
  }
  while (groups.at(-1) === 0) groups.pop();
  const bytes = Buffer.alloc(HEADER_BYTES + 2 * groups.length);
  bytes.writeUInt16BE(groups.length);
  bytes.writeInt16BE(groups.length === 0 ? 0 : weight, 2);
  bytes.writeUInt16BE(negative && groups.length > 0 ? NEGATIVE : POSITIVE, 4);
  bytes.writeUInt16BE(part.length, 6);
  for (const [at, group] of groups.entries()) bytes.writeUInt16BE(group, HEADER_BYTES + 2 * at);
  return bytes;
}
