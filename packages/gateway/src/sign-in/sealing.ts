/** What the store keeps for somebody is sealed with what only they hold, so that the store alone opens nothing. */
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

/** AES-256-GCM under a key made of the secret; `purpose` keeps what was sealed for one thing from opening as another. */
export function seal(value: unknown, secret: string, purpose: string): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, purpose), nonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
}

/** What was sealed, or null when this is not the secret it was sealed with. */
export function unseal(sealed: string, secret: string, purpose: string): unknown {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < NONCE + TAG) return null;
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, purpose), bytes.subarray(0, NONCE), {
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

function keyOf(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `sallyport ${purpose}`, 32));
}
