import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Denial, Permit, Refusal } from '../protocols/protocol.ts';

/**
 * The proof behind L1. The class is not exported and its constructor runs only after the entry was appended, so
 * "a permit exists" and "the decision is in the audit log" are the same statement.
 */
class RecordedPermit implements Permit {
  readonly effect = 'permit';
  readonly evaluationId: string;
  /** The link it opens: a permit of one session opens nothing of another's. */
  readonly #door: object;

  constructor(door: object, evaluationId: string) {
    this.#door = door;
    this.evaluationId = evaluationId;
  }

  static opens(permit: Permit, door: object): boolean {
    return #door in permit && permit.#door === door;
  }
}

class RecordedRefusal implements Refusal {
  readonly effect = 'deny';
  readonly denial: Denial;

  constructor(denial: Denial) {
    this.denial = denial;
  }

  static isGenuine(refusal: Refusal): boolean {
    return refusal instanceof RecordedRefusal;
  }
}

/** Appends the decision, then makes its permit. Throws Fault `audit-unavailable`, and then there is no permit. */
export function recordPermit(
  audit: AuditLog,
  door: object,
  entry: AuditEntry & { readonly evaluationId: string },
): Permit {
  audit.append(entry);
  return new RecordedPermit(door, entry.evaluationId);
}

/**
 * Appends the decision, then makes its refusal. A log that cannot be written does not turn a deny into anything
 * else: the refusal then says that the log is unavailable, and the fault goes to `onFault`.
 */
export function recordRefusal(
  audit: AuditLog,
  entry: AuditEntry,
  denial: Denial,
  onFault: (fault: unknown) => void,
): Refusal {
  try {
    audit.append(entry);
  } catch (fault) {
    onFault(fault);
  }
  return new RecordedRefusal(denial);
}

/** Whether this permit was made for this door, by this process, after its entry was written. */
export function opens(permit: Permit, door: object): boolean {
  return RecordedPermit.opens(permit, door);
}

export function isGenuine(refusal: Refusal): boolean {
  return RecordedRefusal.isGenuine(refusal);
}
