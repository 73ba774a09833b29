import { TOKEN_BEGINS } from '../../lib/marks.ts';
import type { Disguise } from '../../protocols/protocol.ts';
import type { Keyed } from './keyed.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** A hundred bits: by chance, two of a million million values share a token once in a million times. */
const TOKEN_CHARACTERS = 20;

/** A token that is the same wherever the value is, so that rows can still be counted, grouped and joined by it. */
export function hash(keyed: Keyed): Disguise {
  const token = (value: Buffer): Buffer => Buffer.from(tokenOf(keyed.digest(value)));
  return {
    text: token,
    bytes: token,
    document: token,
    // A UUID stays one: version 8, which is for bits of one's own (RFC 9562, section 5.8).
    uuid: (value) => asUuid(keyed.digest(value), 0x80, 0x80),
  };
}

function tokenOf(digest: Buffer): string {
  let token = TOKEN_BEGINS;
  let bits = 0;
  let held = 0;
  for (let at = 0; token.length < TOKEN_BEGINS.length + TOKEN_CHARACTERS; ) {
    if (held < 5) {
      bits = ((bits << 8) | (digest[at] as number)) & 0xfff;
      at += 1;
      held += 8;
    }
    held -= 5;
    token += ALPHABET.charAt((bits >> held) & 31);
  }
  return token;
}

/** The first 16 bytes as a UUID of the version and variant that stand in the upper bits of these two. */
export function asUuid(drawn: Buffer, version: number, variant: number): Buffer {
  const uuid = Buffer.from(drawn.subarray(0, 16));
  uuid[6] = (version & 0xf0) | ((uuid[6] as number) & 0x0f);
  uuid[8] = (variant & 0xc0) | ((uuid[8] as number) & 0x3f);
  return uuid;
}
