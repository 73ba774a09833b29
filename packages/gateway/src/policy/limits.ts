/** The algebra of limits: which of several a permit comes with, and what they are together. Pure. */
import type { PermitLimit } from './annotations.ts';
import type { LimitObligation } from './decision.ts';

/** The limit of one evaluation and the policy that sets it; null where something permits it without one. */
export interface Limited {
  readonly policy: string;
  readonly limit: PermitLimit;
}

/** What counts first when two limits are compared. */
const ORDER: readonly (keyof PermitLimit)[] = ['rows', 'bytes', 'timeoutMs', 'perMinute'];

/**
 * The most generous of the policies that permit one evaluation. It is one policy's limit as a whole: putting the
 * largest of each together would permit what no policy does.
 */
export function mostGenerous(
  policies: readonly string[],
  limits: ReadonlyMap<string, PermitLimit>,
): Limited | null {
  let best: Limited | null = null;
  for (const policy of policies) {
    const limit = limits.get(policy);
    if (limit === undefined) return null;
    if (best === null || moreGenerous(limit, best.limit)) best = { policy, limit };
  }
  return best;
}

/** Whether the first is more generous; no limit at all is the most there is. */
export function moreGenerous(a: PermitLimit | null, b: PermitLimit | null): boolean {
  if (a === null || b === null) return a === null && b !== null;
  for (const key of ORDER) {
    const [left, right] = [a[key] ?? Number.POSITIVE_INFINITY, b[key] ?? Number.POSITIVE_INFINITY];
    if (left !== right) return left > right;
  }
  return false;
}

/** The strictest of everything an operation's evaluations are limited to; null when none is. */
export function strictest(limited: readonly Limited[]): LimitObligation | null {
  if (limited.length === 0) return null;
  const least = (key: keyof PermitLimit): number | null =>
    limited.reduce<number | null>((least, { limit: { [key]: value } }) => {
      if (value === null) return least;
      return least === null ? value : Math.min(least, value);
    }, null);
  const rates = new Map<string, number>();
  for (const { policy, limit } of limited) if (limit.perMinute !== null) rates.set(policy, limit.perMinute);
  return {
    kind: 'limit',
    rows: least('rows'),
    bytes: least('bytes'),
    timeoutMs: least('timeoutMs'),
    perMinute: [...rates].map(([policy, most]) => ({ policy, most })),
  };
}
