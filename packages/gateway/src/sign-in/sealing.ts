/** What the store keeps for somebody is sealed with what only they and the gateways hold. */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** 256 bits nobody can guess, as 43 characters for a cookie or an address. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The spelling of what `newSecret` makes: nothing else is even looked up. */
export function isSecret(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** What the store knows a secret by. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** A value for the same holder and one purpose, which says nothing of the secret. */
export function derived(secret: string, purpose: string): string {
  return createHmac('sha256', secret).update(purpose).digest('base64url');
}

const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM under a key made of the holder's secret and the gateway's key: the store alone opens nothing, and whoever can write to
 * it makes nothing that opens.
 */
export class Sealing {
  readonly #key: Uint8Array;

  /** `key` is the same on every gateway that shares the store. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** `purpose` keeps what was sealed for one thing from opening as another. */
  seal(value: unknown, secret: string, purpose: string): string {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(secret, purpose), nonce);
    const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
  }

  /** What was sealed, or null when it was not with this secret, or by no gateway. */
  unseal(sealed: string, secret: string, purpose: string): unknown {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < NONCE + TAG) return null;
    const nonce = bytes.subarray(0, NONCE);
    const decipher = createDecipheriv('aes-256-gcm', this.#keyOf(secret, purpose), nonce, {
      authTagLength: TAG,
    });
    decipher.setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]);
      return JSON.parse(text.toString('utf8'));
    } catch {
      return null;
    }
  }

  #keyOf(secret: string, purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', secret, this.#key, `sallyport ${purpose}`, 32));
  }
}
