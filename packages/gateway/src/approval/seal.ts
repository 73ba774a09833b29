import { type SealedFields, sealFits, sealOf } from '../lib/seal.ts';
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
  return {
    of: (row) => sealOf(key, fieldsOf(row)),
    fits: (row) => sealFits(key, fieldsOf(row), row.mac),
  };
}

/** How it ended is not in it: see decision 16. */
function fieldsOf(row: Omit<GrantRow, 'mac'>): SealedFields {
  return [
    ...['sallyport grant 2', row.id, row.request_id, row.subject, row.actor, row.kind, row.target],
    ...[row.scope, row.approvals, row.approvers, row.aliases, Number(row.granted_at), Number(row.expires_at)],
  ];
}
