import { z } from 'zod';
import { Fault } from '../../lib/fault.ts';

/** What people can do, as Slack tells it. Of everything else Slack sends along nothing is read. */

const requestId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const user = z.object({ id: z.string().regex(/^[UW][A-Z0-9]{2,30}$/), team_id: z.string().max(64) });
const from = {
  api_app_id: z.string().max(64),
  team: z.object({ id: z.string().max(64) }),
  user,
};

export const ACTIONS = {
  approve: 'sallyport-approve',
  deny: 'sallyport-deny',
  look: 'sallyport-look',
} as const;
export const DENY_VIEW = 'sallyport-deny';
export const REASON = { block: 'reason', action: 'reason' } as const;

const pressed = z.object({
  type: z.literal('block_actions'),
  ...from,
  trigger_id: z.string().max(256),
  response_url: z.string().max(1_024),
  actions: z.tuple([z.object({ action_id: z.enum(ACTIONS), value: requestId.default('none') })]),
});

const submitted = z.object({
  type: z.literal('view_submission'),
  ...from,
  view: z.object({
    callback_id: z.literal(DENY_VIEW),
    app_id: z.string().max(64),
    private_metadata: z.string().max(3_000),
    state: z.object({
      values: z.object({
        [REASON.block]: z.object({ [REASON.action]: z.object({ value: z.string().max(4_096).nullable() }) }),
      }),
    }),
  }),
});

const metadata = z.object({ id: requestId, responseUrl: z.string().max(1_024) });

/** One thing a Slack user did. */
export type SlackAct =
  /** A link was followed: Slack tells, and wants to hear that it was heard. */
  | { readonly kind: 'look' }
  | {
      readonly kind: 'approve' | 'ask-reason';
      readonly id: string;
      readonly user: string;
      readonly trigger: string;
      readonly responseUrl: string;
    }
  | {
      readonly kind: 'deny';
      readonly id: string;
      readonly user: string;
      readonly reason: string;
      readonly responseUrl: string;
    };

export interface Expected {
  readonly teamId: string;
  readonly appId: string;
  /** What a response URL must begin with. */
  readonly responseUrl: string;
}

/** Reads a body whose signature was checked. Throws Fault `not-permitted`: another app, another workspace, another thing. */
export function readAct(body: Buffer, expected: Expected): SlackAct {
  const payload = z.union([pressed, submitted]).safeParse(jsonOf(body));
  if (!payload.success) throw foreign();
  const { data } = payload;
  // One signing secret may serve an app in many workspaces, and people of others see messages in shared channels.
  const home = data.team.id === expected.teamId && data.api_app_id === expected.appId;
  if (!home || data.user.team_id !== expected.teamId) throw foreign();
  if (data.type === 'block_actions') {
    const [{ action_id, value }] = data.actions;
    if (action_id === ACTIONS.look) return { kind: 'look' };
    return {
      kind: action_id === ACTIONS.approve ? 'approve' : 'ask-reason',
      id: value,
      user: data.user.id,
      trigger: data.trigger_id,
      responseUrl: checkedUrl(data.response_url, expected),
    };
  }
  if (data.view.app_id !== expected.appId) throw foreign();
  const about = metadata.safeParse(parsed(data.view.private_metadata));
  if (!about.success) throw foreign();
  return {
    kind: 'deny',
    id: about.data.id,
    user: data.user.id,
    reason: data.view.state.values[REASON.block][REASON.action].value ?? '',
    responseUrl: checkedUrl(about.data.responseUrl, expected),
  };
}

/** Where answers may go is Slack's own place: whoever could choose another would have the gateway call it. */
function checkedUrl(text: string, { responseUrl }: Expected): string {
  const url = URL.canParse(text) ? new URL(text).href : '';
  if (url.startsWith(responseUrl)) return url;
  throw foreign();
}

/** `payload=…`, once, and nothing beside it. */
function jsonOf(body: Buffer): unknown {
  const fields = [...new URLSearchParams(body.toString('utf8'))];
  const [[name, text] = []] = fields;
  return fields.length === 1 && name === 'payload' && text !== undefined ? parsed(text) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function foreign(): Fault {
  return new Fault('not-permitted', 'This is not something that the Slack app configured here does.');
}
