/** What a permit that wants an approval says of the asking: @reason, @grant and @break_glass. */
export interface AskTerms {
  /** Whoever asks must say why. */
  readonly reason: boolean;
  /** Longest time people may grant it for, in milliseconds; null: only ever for one operation. */
  readonly grantMs: number | null;
  /** The group whose people may go ahead before anybody approved, to be reviewed afterwards; null: nobody may. */
  readonly breakGlass: string | null;
}

type Annotations = Readonly<Record<string, string | null>>;

const GROUP = /^\s*([^,\s](?:[^,]{0,126}[^,\s])?)\s*$/;
const SPAN = /^(\d{1,6})\s*(s|min|m|h|d)$/;
const SPAN_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** Longer than this is a policy, not a grant. */
const LONGEST_GRANT_MS = 30 * 86_400_000;

const NAMES = ['reason', 'grant', 'break_glass'] as const;

/** Reads them; null when there are none, a sentence when one cannot be honoured. */
export function readAskTerms(
  effect: 'permit' | 'forbid',
  wantsApproval: boolean,
  annotations: Annotations,
): AskTerms | string | null {
  const there = NAMES.filter((name) => annotations[name] !== undefined);
  const [first] = there;
  if (first === undefined) return null;
  if (effect === 'forbid') return `@${first} on a forbid has no meaning: nobody can approve past a forbid`;
  if (!wantsApproval) return `@${first} without @approval has no meaning: nobody is asked`;
  const { reason, grant, break_glass: breakGlass } = annotations;
  if (reason !== undefined && reason !== 'required')
    return `@reason("${reason ?? ''}") is not usable: write @reason("required")`;
  const grantMs = grant === undefined ? null : spanOf(grant);
  if (grantMs !== null && !(grantMs >= 1_000 && grantMs <= LONGEST_GRANT_MS))
    return `@grant("${grant ?? ''}") is not usable: write @grant("30m"), with s, m, h or d, from 1s to 30d`;
  const group = breakGlass === undefined ? null : (GROUP.exec(breakGlass ?? '')?.[1] ?? '');
  if (group === '') return `@break_glass("${breakGlass ?? ''}") is not usable: write @break_glass("group")`;
  return { reason: reason !== undefined, grantMs, breakGlass: group };
}

/** Milliseconds; not a number when it is written in another way. */
function spanOf(text: string | null): number {
  const [, digits = '', unit = ''] = SPAN.exec(text ?? '') ?? [];
  return Number(digits === '' ? Number.NaN : digits) * (SPAN_MS[unit] ?? Number.NaN);
}

/** What is asked for as a whole: a reason when any policy wants one, a grant no longer than the shortest that all offer. */
export function mergeAskTerms(
  all: readonly (AskTerms | null | undefined)[],
): Pick<AskTerms, 'reason' | 'grantMs'> {
  const grants = all.map((one) => one?.grantMs ?? null);
  return {
    reason: all.some((one) => one?.reason === true),
    grantMs: grants.some((one) => one === null) ? null : Math.min(...(grants as number[])),
  };
}

/** Whether `one` offers nothing that `other` does not, and asks for no less. */
export function offersNoMore(one: AskTerms | null, other: AskTerms | null): boolean {
  if ((other?.reason ?? false) && !(one?.reason ?? false)) return false;
  if ((one?.grantMs ?? 0) > (other?.grantMs ?? 0)) return false;
  return one?.breakGlass == null || one.breakGlass === other?.breakGlass;
}
