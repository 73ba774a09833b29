import { isUtf8 } from 'node:buffer';
import { PLACEHOLDER } from '../../lib/marks.ts';
import type { Disguise } from '../../protocols/protocol.ts';

const HIDDEN = Buffer.from(PLACEHOLDER);
const KEPT_CHARACTERS = 4;
/** Fewest characters of which the last four are shown: never more than half. */
const LEAST_CHARACTERS = 8;
/** Longest name of a host (RFC 1035, section 2.3.4). */
const DOMAIN_BYTES = 253;
const AT = 0x40;
const DOT = 0x2e;

/** Keeps a part of a text. What is not kept becomes three asterisks, however long it was. */
export function partial(keep: 'last-4' | 'domain'): Disguise {
  const keptFrom = keep === 'domain' ? domainStart : lastFourStart;
  return {
    text(value) {
      const from = keptFrom(value);
      return from < 0 ? null : Buffer.concat([HIDDEN, value.subarray(from)]);
    },
  };
}

/** Where the last four characters begin; −1 when the value is too short to show them. Not UTF-8: a byte is a character. */
function lastFourStart(value: Buffer): number {
  const wide = isUtf8(value);
  let characters = 0;
  let from = -1;
  // Only as far as it takes to know that there are enough.
  for (let at = value.length - 1; at >= 0 && characters < LEAST_CHARACTERS; at -= 1) {
    if (wide && ((value[at] as number) & 0xc0) === 0x80) continue;
    characters += 1;
    if (characters === KEPT_CHARACTERS) from = at;
  }
  return characters < LEAST_CHARACTERS ? -1 : from;
}

/**
 * Where the domain of an address begins, with its @; −1 when what follows the last @ is no domain: a value that is no
 * address, such as a note or a handle, is hidden whole.
 */
function domainStart(value: Buffer): number {
  const at = value.lastIndexOf(AT);
  const length = value.length - at - 1;
  if (at < 1 || length < 3 || length > DOMAIN_BYTES) return -1;
  const dot = value.indexOf(DOT, at);
  if (dot <= at + 1 || value[value.length - 1] === DOT) return -1;
  for (let i = at + 1; i < value.length; i += 1) if (!isHostByte(value[i] as number)) return -1;
  return at;
}

function isHostByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === DOT || byte === 0x2d
  );
}
