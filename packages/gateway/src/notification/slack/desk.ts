/** What Slack users do with messages: checked, brought to who they are, and decided by the rules everybody is under. */
import type { AccessRequestView } from '../../approval/index.ts';
import { failureOf, readSecretFile } from '../../export/index.ts';
import type { Identity } from '../../identity/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { RowSeals, Storage } from '../../storage/index.ts';
import type { Channel } from '../channel.ts';
import { noticeOf } from '../notice.ts';
import type { SlackConfig } from '../section.ts';
import { denyProblem, denyView, messageOf, wordsTo } from './blocks.ts';
import { type Linked, SlackLinks } from './links.ts';
import { readAct, type SlackAct } from './payload.ts';
import { SignatureCheck, type SignedRequest } from './signature.ts';
import { type SlackApi, slackApi } from './web-api.ts';

export interface SlackVerdict {
  readonly id: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string;
}

/** Decides as this person, or rejects with the Fault that says why not. */
export type Decide = (person: Identity, verdict: SlackVerdict) => Promise<AccessRequestView>;

export interface SlackDeps {
  readonly clock: Clock;
  readonly links: Storage['slackLinks'];
  readonly seals: RowSeals;
  random(bytes: number): string;
  readonly report: (fault: unknown) => void;
  /** Whether somebody linked may still do anything. Default: yes, until the link expires. */
  readonly isStillGood?: (identity: Identity) => boolean | Promise<boolean>;
}

export interface SlackDesk {
  /** The channel of this id, for messages. */
  channel(id: string): Channel;
  /** Answers one request of Slack's. Rejects with Fault `credential-rejected` or `not-permitted`, having done nothing. */
  answer(signed: SignedRequest, decide: Decide): Promise<object>;
  /** Links the Slack user who was shown this code. `record` is called before it counts. */
  link(person: Identity, code: string, record: (linked: Linked) => void): Promise<Linked>;
  /** Ends every link of this person; how many there were. */
  unlink(person: Identity): Promise<number>;
  /** Waits for answers under way. */
  close(): Promise<void>;
}

/** Slack wants an answer within three seconds; calls made for one have less. */
const CALL_MS = 2_500;
/** Most messages whose place is remembered, to say there what became of it. */
const REMEMBERED = 10_000;

/** Calls nothing before it is asked to. */
export function openSlack(config: SlackConfig, deps: SlackDeps, requestUrl?: string): SlackDesk {
  return new Desk(config, deps, requestUrl);
}

class Desk implements SlackDesk {
  readonly #config: SlackConfig;
  readonly #deps: SlackDeps;
  readonly #requestUrl: string | undefined;
  readonly #api: SlackApi;
  readonly #links: SlackLinks;
  readonly #signatures = new SignatureCheck();
  readonly #answering = new Set<Promise<void>>();

  constructor(config: SlackConfig, deps: SlackDeps, requestUrl: string | undefined) {
    this.#config = config;
    this.#deps = deps;
    this.#requestUrl = requestUrl;
    this.#api = slackApi(config);
    const { clock, links, seals, random, isStillGood = () => true } = deps;
    const user = (id: string) => this.#api.user(id, AbortSignal.timeout(CALL_MS));
    this.#links = new SlackLinks(config, {
      clock,
      links,
      seals,
      random: (bytes) => random(bytes),
      user,
      isStillGood,
    });
  }

  channel(channel: string): Channel {
    /** Where each request's message stands, while somebody may be told more of it. */
    const places = new Map<string, string>();
    return {
      send: async (notice, signal) => {
        const place = places.get(notice.requestId);
        if (notice.event === 'access-request.ended') {
          // Nobody was asked, so nobody is told.
          if (place === undefined) return;
          await this.#api.call('chat.update', { channel, ts: place, ...messageOf(notice) }, signal);
          places.delete(notice.requestId);
          return;
        }
        const { ts } = await this.#api.call('chat.postMessage', { channel, ...messageOf(notice) }, signal);
        if (notice.event === 'test' || typeof ts !== 'string' || !/^[\d.]{1,32}$/.test(ts)) return;
        places.set(notice.requestId, ts);
        const [oldest] = places.keys();
        if (places.size > REMEMBERED && oldest !== undefined) places.delete(oldest);
      },
      close: () => undefined,
    };
  }

  async answer(signed: SignedRequest, decide: Decide): Promise<object> {
    const secret = await readSecretFile(this.#config.signingSecretFile, 'signing secret of the Slack app');
    if (secret.length < 16) throw new Fault('config-invalid', 'The signing secret of the Slack app is none.');
    this.#signatures.check(signed, secret, this.#deps.clock.now());
    const act = readAct(signed.body, this.#config);
    if (act.kind === 'look') return {};
    const person = await this.#links.identityOf(act.user);
    if (person === null) return this.#refuse(act, this.#howToLink(act.user));
    if (act.kind === 'ask-reason') return this.#askReason(act);
    const reason = act.kind === 'deny' ? act.reason : '';
    try {
      const view = await decide(person, { id: act.id, verdict: act.kind, reason });
      this.#tell(act.responseUrl, this.#decided(view));
      return act.kind === 'deny' ? { response_action: 'clear' } : {};
    } catch (error) {
      return this.#refuse(act, this.#wordsOf(error, act.id));
    }
  }

  link(person: Identity, code: string, record: (linked: Linked) => void): Promise<Linked> {
    return this.#links.link(person, code, record);
  }

  unlink(person: Identity): Promise<number> {
    return this.#links.unlink(person);
  }

  async close(): Promise<void> {
    await Promise.all(this.#answering);
    this.#api.close();
  }

  async #askReason({
    id,
    trigger,
    responseUrl,
  }: Extract<SlackAct, { kind: 'approve' | 'ask-reason' }>): Promise<object> {
    const body = { trigger_id: trigger, view: denyView(id, responseUrl) };
    try {
      await this.#api.call('views.open', body, AbortSignal.timeout(CALL_MS));
    } catch (error) {
      this.#deps.report(error);
      const words = `Slack did not open the window that asks why. Deny it with: sallyport deny ${id} --reason "…"`;
      this.#tell(responseUrl, wordsTo(words));
    }
    return {};
  }

  /** Says why nothing was decided: where it was asked. */
  #refuse(act: Exclude<SlackAct, { kind: 'look' }>, words: string): object {
    if (act.kind === 'deny') return denyProblem(words);
    this.#tell(act.responseUrl, wordsTo(words));
    return {};
  }

  #howToLink(user: string): string {
    return `Nothing was decided: the gateway does not know who you are. Sign in and run: sallyport slack link ${this.#links.code(user)} (good for 10 minutes; give it to nobody). Then press the button again.`;
  }

  #decided(view: AccessRequestView): object {
    if (view.state === 'pending') return wordsTo('Your approval counts. More are needed.');
    const options = { includeText: false, requestUrl: this.#requestUrl };
    return { replace_original: true, ...messageOf(noticeOf('access-request.ended', view, options)) };
  }

  /** Faults that people are told say nothing they may not know; of others, only that nothing was decided. */
  #wordsOf(error: unknown, id: string): string {
    if (!(error instanceof Fault)) {
      this.#deps.report(error);
      return 'Nothing was decided: the gateway could not. Its log says why.';
    }
    if (error.code !== 'step-up-required') return error.message;
    const where = this.#requestUrl?.replace('{id}', encodeURIComponent(id)) ?? `sallyport requests ${id}`;
    return `Nothing was decided: policy wants a passkey for it, which Slack has not. Approve it here: ${where}`;
  }

  /** Slack has three seconds; this takes its own time. */
  #tell(url: string, message: object): void {
    const told = this.#api.respond(url, message, AbortSignal.timeout(2 * CALL_MS)).catch((error: unknown) => {
      const { message: why } = failureOf('it failed', error);
      this.#deps.report(new Fault('notification-undelivered', `Slack was not answered: ${why}`));
    });
    const tracked = told.finally(() => this.#answering.delete(tracked));
    this.#answering.add(tracked);
  }
}
