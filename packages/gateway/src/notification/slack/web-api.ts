import { isLoopbackUrl, poster, readSecretFile, refused, SinkFailure } from '../../export/index.ts';
import type { SlackConfig } from '../section.ts';

type Answer = Readonly<Record<string, unknown>>;

/** The few calls of Slack's Web API that are made. */
export interface SlackApi {
  /** Rejects with SinkFailure, also when Slack answers that it did not. */
  call(method: string, body: object, signal: AbortSignal): Promise<Answer>;
  /** What Slack knows of a user. */
  user(id: string, signal: AbortSignal): Promise<unknown>;
  /** Answers to where Slack said; the URL has been checked. */
  respond(url: string, message: object, signal: AbortSignal): Promise<void>;
  close(): void;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

export function slackApi({ apiUrl, caFile, tokenFile }: SlackConfig): SlackApi {
  const posters = new Map<string, ReturnType<typeof poster>>();
  const what = 'the message';
  const posterOf = (method: string) => {
    const url = new URL(method, apiUrl).href;
    const known = posters.get(method) ?? poster({ url, caFile, privateAddresses: isLoopbackUrl(url), what });
    posters.set(method, known);
    return known;
  };
  async function ask(
    method: string,
    type: Readonly<Record<string, string>>,
    text: string,
    signal: AbortSignal,
  ) {
    const token = await readSecretFile(tokenFile, 'bot token');
    if (!/^[\x21-\x7e]{1,512}$/.test(token)) throw new SinkFailure(`the bot token ${tokenFile} is none`);
    const headers = { ...type, authorization: `Bearer ${token}` };
    return taken(await posterOf(method).post(headers, Buffer.from(text), signal));
  }
  return {
    call: (method, body, signal) => ask(method, JSON_TYPE, JSON.stringify(body), signal),
    user: async (id, signal) =>
      (await ask('users.info', FORM_TYPE, new URLSearchParams({ user: id }).toString(), signal)).user,
    async respond(url, message, signal) {
      const once = poster({ url, caFile, privateAddresses: isLoopbackUrl(url), what });
      try {
        const answer = await once.post(JSON_TYPE, Buffer.from(JSON.stringify(message)), signal);
        if (answer.status !== 200) throw refused(answer);
      } finally {
        once.close();
      }
    },
    close: () => {
      for (const one of posters.values()) one.close();
    },
  };
}

/** Slack answers 200 also when it refuses: only `ok: true` is yes. */
function taken(answer: {
  readonly status: number;
  readonly body: string | null;
  readonly retryAfterMs: number;
}): Answer {
  if (answer.status !== 200) throw refused(answer);
  const said = parsed(answer.body ?? '');
  if (said.ok === true) return said;
  const { error } = said;
  throw new SinkFailure(
    `Slack did not take it (${typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : 'no reason given'})`,
  );
}

function parsed(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answer) : {};
  } catch {
    throw new SinkFailure('Slack answered something that is not JSON');
  }
}
