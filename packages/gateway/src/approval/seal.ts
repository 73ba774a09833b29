import { createHmac, timingSafeEqual } from 'node:crypto';
import type { GrantRow as StoredGrantRow } from '../storage/index.ts';

/** Whose gateway the row is at is the store's to say: the seal is each gateway's own. */
export type GrantRow = Omit<StoredGrantRow, 'replica'>;

/**
 * What makes a stored grant worth something: a row without the gateway's own seal grants nothing, so whoever can write to
 * the store cannot grant.
 */
export interface Seal {
  of(row: Omit<GrantRow, 'mac'>): string;
  fits(row: GrantRow): boolean;
}

export function createSeal(key: Uint8Array): Seal {
  const of = (row: Omit<GrantRow, 'mac'>): string => {
    // JSON, so no field can run into the next. How it ended is not in it: see decision 16.
    const sealed = [
      ...['sallyport grant 2', row.id, row.request_id, row.subject, row.actor, row.kind, row.target],
      ...[
        row.scope,
        row.approvals,
        row.approvers,
        row.aliases,
        Number(row.granted_at),
        Number(row.expires_at),
      ],
    ];
    return createHmac('sha256', key).update(JSON.stringify(sealed)).digest('hex');
  };
  return {
    of,
    fits(row) {
      const [wanted, there] = [Buffer.from(of(row)), Buffer.from(row.mac)];
      return wanted.length === there.length && timingSafeEqual(wanted, there);
    },
  };
}
