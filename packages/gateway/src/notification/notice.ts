import type { AccessRequestView } from '../approval/index.ts';

/** What a message says, whatever carries it: bounded, and nothing in it can be taken for anything but text. */
export interface Notice {
  /** The same however often it is sent: receivers tell repetitions by it. */
  readonly id: string;
  readonly event: 'access-request.opened' | 'access-request.ended' | 'test';
  readonly requestId: string;
  readonly state: AccessRequestView['state'];
  readonly target: string;
  /** The operation with its literals taken out. */
  readonly form: string;
  readonly subject: string;
  readonly displayName: string;
  readonly actor: string | null;
  readonly task: string | null;
  /** Why policy asks; with the risk, where policy asks for that. */
  readonly reason: string;
  readonly approvers: readonly { readonly group: string; readonly seats: number }[];
  /** Whether a passkey is needed, so that it cannot be approved from where the message is read. */
  readonly stepUp: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who said what, once it ended. */
  readonly decisions: readonly { readonly by: string; readonly verdict: string; readonly reason: string }[];
  /** Where to look at it, after signing in; null where no page is configured. */
  readonly link: string | null;
  readonly command: string;
  /** Only where the channel is configured to have them. */
  readonly text?: string;
  readonly parameters?: readonly string[];
}

/** Longest of each, in characters. */
const NAME_LENGTH = 200;
const FORM_LENGTH = 1_500;
const REASON_LENGTH = 1_000;
const TEXT_LENGTH = 2_500;
/** Most of each list. */
const LISTED = 20;

export interface NoticeOptions {
  readonly includeText: boolean;
  readonly requestUrl: string | undefined;
}

/** What a channel is told of an access request. */
export function noticeOf(
  event: Notice['event'],
  one: AccessRequestView,
  { includeText, requestUrl }: NoticeOptions,
): Notice {
  return {
    id: `${event === 'test' ? 'test' : event.replace('access-request.', '')}-${one.id}`,
    event,
    requestId: one.id,
    state: one.state,
    target: inertText(one.target, NAME_LENGTH),
    form: inertText(one.form, FORM_LENGTH),
    subject: inertText(one.subject, NAME_LENGTH),
    displayName: inertText(one.displayName, NAME_LENGTH),
    actor: one.actor === null ? null : inertText(one.actor, NAME_LENGTH),
    task: one.task === null ? null : inertText(one.task, NAME_LENGTH),
    reason: inertText(one.reason, REASON_LENGTH),
    approvers: one.requirements
      .slice(0, LISTED)
      .map(({ group, seats }) => ({ group: inertText(group, NAME_LENGTH), seats })),
    stepUp: one.requirements.some(({ stepUp }) => stepUp !== undefined),
    createdAt: one.createdAt,
    expiresAt: one.expiresAt,
    decisions: one.decisions.slice(0, LISTED).map(({ approverName, approver, verdict, reason }) => ({
      by: inertText(approverName === '' ? approver : approverName, NAME_LENGTH),
      verdict,
      reason: inertText(reason, REASON_LENGTH),
    })),
    link: requestUrl === undefined ? null : requestUrl.replace('{id}', encodeURIComponent(one.id)),
    command: `sallyport requests ${one.id}`,
    ...(includeText && one.text !== null
      ? {
          text: inertText(one.text, TEXT_LENGTH),
          parameters: (one.parameters ?? []).slice(0, LISTED).map((value) => inertText(value, NAME_LENGTH)),
        }
      : {}),
  };
}

/** One line, without what could forge another or turn it around, and no longer than this. */
export function inertText(text: string, most: number): string {
  // Cut before it is looked at: what is asked may be long, and whoever asks chose it.
  const line = text
    .slice(0, 2 * most)
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  const characters = Array.from(line);
  return characters.length > most || text.length > 2 * most ? `${characters.slice(0, most).join('')}…` : line;
}

/** `Nora via react-agent`. */
export function whoAsks({ displayName, subject, actor }: Notice): string {
  const name = displayName === '' ? subject : displayName;
  return actor === null ? name : `${name} via ${actor}`;
}

/** What became of it, in a sentence of ours with names of theirs. */
export function outcomeOf({ event, state, decisions }: Notice): string {
  if (event === 'test') return 'This is a test: nothing waits for anybody.';
  if (event === 'access-request.opened') return 'It waits for approval.';
  const said = decisions.map(({ by, verdict, reason }) => {
    const why = reason === '' ? '' : `: ${reason}`;
    return `${verdict === 'approve' ? 'approved' : 'denied'} by ${by}${why}`;
  });
  return said.length === 0 ? `It is over: ${state}.` : `It is over: ${state}; ${said.join('; ')}.`;
}

/** The facts of it, by name, as every channel shows them. */
export function factsOf(notice: Notice): readonly (readonly [name: string, value: string])[] {
  const { target, task, reason, approvers, expiresAt, stepUp, command, requestId } = notice;
  return [
    ['Request', requestId],
    ['Who asks', whoAsks(notice)],
    ...(task === null ? [] : ([['Task', task]] as const)),
    ['Target', target],
    ['Why it waits', reason],
    ['Needs', approvers.map(({ group, seats }) => `${seats} of ${group}`).join(' and ')],
    ...(stepUp ? ([['Passkey', 'needed to approve']] as const) : []),
    ['Expires', `${new Date(expiresAt).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ['Look at it', command],
  ];
}
