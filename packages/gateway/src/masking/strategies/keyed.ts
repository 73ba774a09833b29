import { createCipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** Bytes of a tenant's key, and of the key it is derived from. */
export const KEY_BYTES = 32;
const DIGEST_BYTES = 32;

/** The key of one tenant (RFC 5869). Two tenants that share a key file have nothing in common. */
export function tenantKey(master: Uint8Array, tenant: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', `sallyport masking 1\0${tenant}`, KEY_BYTES));
}

/**
 * What is drawn for values of one class and one purpose: the same for the same value, and nothing that anybody
 * without the key could tell from chance. HMAC-SHA256 (RFC 2104) of purpose, class and value; neither of the first
 * two can hold a NUL, so that no two inputs are written alike.
 */
export class Keyed {
  /** Made once: from bytes it is made anew for every value, which takes five times as long as all the rest. */
  readonly #key: KeyObject;
  readonly #prefix: string;

  constructor(key: Uint8Array, purpose: string, dataClass: string) {
    this.#key = createSecretKey(key);
    this.#prefix = `${purpose}\0${dataClass}\0`;
  }

  digest(value: Uint8Array | string): Buffer {
    return createHmac('sha256', this.#key).update(this.#prefix).update(value).digest();
  }

  /** Any number of bytes: what a digest has, or else AES-256 in counter mode keyed by it, so that the work stays linear. */
  bytes(value: Uint8Array | string, count: number): Buffer {
    const digest = this.digest(value);
    if (count <= DIGEST_BYTES) return digest.subarray(0, count);
    return createCipheriv('aes-256-ctr', digest, Buffer.alloc(16)).update(Buffer.alloc(count));
  }

  /** A number of [least, most], each as likely as any other up to one in 2^64. */
  pick(value: Uint8Array | string, least: bigint, most: bigint): bigint {
    const size = most - least + 1n;
    const drawn = this.bytes(value, 8 + Math.ceil(size.toString(16).length / 2));
    return least + (BigInt(`0x${drawn.toString('hex')}`) % size);
  }
}
