import type { AccessRequestState } from './approval.ts';

/**
 * The life of an access request:
 *
 *   pending ─┬─ filled ──► approved      all seats are taken
 *            ├─ refused ─► denied        one person said no
 *            ├─ lapsed ──► expired       nobody decided in time
 *            ├─ left ────► cancelled     the holder went away
 *            └─ broke ───► failed        the gateway stopped, or could not keep it
 *
 * Every other state is final.
 */
export type AccessRequestEvent = 'filled' | 'refused' | 'lapsed' | 'left' | 'broke';

type Row = Record<AccessRequestEvent, AccessRequestState | null>;

const FINAL: Row = { filled: null, refused: null, lapsed: null, left: null, broke: null };

/** Total: null means that the event changes nothing in that state. */
export const transitions: Record<AccessRequestState, Row> = {
  pending: { filled: 'approved', refused: 'denied', lapsed: 'expired', left: 'cancelled', broke: 'failed' },
  approved: FINAL,
  denied: FINAL,
  expired: FINAL,
  cancelled: FINAL,
  failed: FINAL,
};
