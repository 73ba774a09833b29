import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a seal is over, in order. The first says what it is, so that a seal of one thing is none of another. */
export type SealedFields = readonly (string | number | null)[];

/** HMAC-SHA256, hex, over the fields as JSON: none can run into the next. */
export function sealOf(key: Uint8Array, fields: SealedFields): string {
  return createHmac('sha256', key).update(JSON.stringify(fields)).digest('hex');
}

/** Whether a seal is the one of these fields. */
export function sealFits(key: Uint8Array, fields: SealedFields, seal: string): boolean {
  const [wanted, there] = [Buffer.from(sealOf(key, fields)), Buffer.from(seal)];
  return wanted.length === there.length && timingSafeEqual(wanted, there);
}
