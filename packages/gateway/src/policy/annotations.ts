import { type AskTerms, readAskTerms } from './ask-terms.ts';
import type { ApprovalRequirement } from './decision.ts';

/** What the annotations of one policy say. */
export interface Annotated {
  readonly id: string | null;
  readonly requirement: ApprovalRequirement | null;
  /** What else it says of the asking, or null. */
  readonly ask: AskTerms | null;
  /** What an operation may take at most that this permits, or null: as much as it likes. */
  readonly limit: PermitLimit | null;
  /** Evaluated and never counted. */
  readonly shadow: boolean;
}

/** The limits one permit comes with; null where it sets none. */
export interface PermitLimit {
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly timeoutMs: number | null;
  /** Operations in any minute, of one subject and actor, that this policy takes part in permitting. */
  readonly perMinute: number | null;
}

/** Letters first, so that an id is never a name JavaScript objects treat specially. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:#/ -]{0,127}$/;
const APPROVAL = /^\s*([^,\s](?:[^,]{0,126}[^,\s])?)\s*(?:,\s*([1-9]\d?)\s*)?$/;
const MOST_SEATS = 20;
const KNOWN = [
  ...['id', 'approval', 'approval_step_up', 'reason', 'grant', 'break_glass'],
  ...['limit_rows', 'limit_bytes', 'limit_rate', 'limit_time', 'shadow'],
];

type Annotations = Readonly<Record<string, string | null>>;

/** Reads the annotations of a policy. Returns a sentence when one cannot be honoured: one not understood is not skipped. */
export function readAnnotations(effect: 'permit' | 'forbid', annotations: Annotations): Annotated | string {
  for (const name of Object.keys(annotations)) {
    if (!KNOWN.includes(name))
      return `annotation @${name} is not known: only ${KNOWN.map((one) => `@${one}`).join(', ')} are`;
  }
  const { id, approval, shadow } = annotations;
  if (id !== undefined && (id === null || !ID.test(id))) {
    return `@id("${id ?? ''}") is not usable: up to 128 letters, digits, spaces and . _ : # / -, a letter or digit first`;
  }
  if (shadow !== undefined && shadow !== null && shadow !== '')
    return `@shadow("${shadow}") is not usable: @shadow takes nothing`;
  const requirement = readApproval(effect, approval, annotations.approval_step_up);
  if (typeof requirement === 'string') return requirement;
  const ask = readAskTerms(effect, requirement !== null, annotations);
  if (typeof ask === 'string') return ask;
  const limit = readLimits(effect, annotations);
  if (typeof limit === 'string') return limit;
  return { id: id ?? null, requirement, ask, limit, shadow: shadow !== undefined };
}

function readApproval(
  effect: 'permit' | 'forbid',
  approval: string | null | undefined,
  stepUp: string | null | undefined,
): ApprovalRequirement | string | null {
  if (approval === undefined) {
    return stepUp === undefined
      ? null
      : '@approval_step_up without @approval has no meaning: nobody is asked';
  }
  if (effect === 'forbid') return '@approval on a forbid has no meaning: nobody can approve past a forbid';
  const [, group, seats = '1'] = APPROVAL.exec(approval ?? '') ?? [];
  if (group === undefined || Number(seats) > MOST_SEATS) {
    return `@approval("${approval ?? ''}") is not usable: write @approval("group") or @approval("group, seats") with 1 to ${MOST_SEATS} seats`;
  }
  if (stepUp === undefined) return { group, seats: Number(seats) };
  if (stepUp !== 'webauthn')
    return `@approval_step_up("${stepUp ?? ''}") is not usable: write @approval_step_up("webauthn")`;
  return { group, seats: Number(seats), stepUp };
}

interface Unit {
  readonly pattern: RegExp;
  readonly factors: Readonly<Record<string, number>>;
  readonly most: number;
  readonly write: string;
}

const COUNT = /^(\d{1,15})$/;

/** How each limit is written. Nothing is rounded, and a limit of nothing is a forbid written wrong. */
const LIMITS: Readonly<Record<keyof PermitLimit, Unit & { readonly name: string }>> = {
  rows: {
    name: 'limit_rows',
    pattern: COUNT,
    factors: { '': 1 },
    most: 1_000_000_000_000,
    write: '@limit_rows("1000")',
  },
  bytes: {
    name: 'limit_bytes',
    pattern: /^(\d{1,15})\s*(B|KB|MB|GB)?$/,
    factors: { '': 1, B: 1, KB: 1_024, MB: 1_048_576, GB: 1_073_741_824 },
    most: 1_099_511_627_776,
    write: '@limit_bytes("10MB"), with B, KB, MB or GB',
  },
  timeoutMs: {
    name: 'limit_time',
    pattern: /^(\d{1,10})\s*(ms|s|min)$/,
    factors: { ms: 1, s: 1_000, min: 60_000 },
    most: 86_400_000,
    write: '@limit_time("30s"), with ms, s or min, up to a day',
  },
  perMinute: {
    name: 'limit_rate',
    pattern: COUNT,
    factors: { '': 1 },
    most: 1_000_000,
    write: '@limit_rate("60"), operations a minute up to 1000000',
  },
};

function readLimits(effect: 'permit' | 'forbid', annotations: Annotations): PermitLimit | string | null {
  const limit: Record<keyof PermitLimit, number | null> = {
    rows: null,
    bytes: null,
    timeoutMs: null,
    perMinute: null,
  };
  let any = false;
  for (const key of Object.keys(limit) as (keyof PermitLimit)[]) {
    const { name, pattern, factors, most, write } = LIMITS[key];
    const text = annotations[name];
    if (text === undefined) continue;
    if (effect === 'forbid') return `@${name} on a forbid has no meaning: what is forbidden has no size`;
    const [, digits = '', unit = ''] = pattern.exec(text ?? '') ?? [];
    const value = Number(digits) * (factors[unit] ?? 0);
    if (!(value >= 1 && value <= most)) return `@${name}("${text ?? ''}") is not usable: write ${write}`;
    limit[key] = value;
    any = true;
  }
  return any ? limit : null;
}
