import { z } from 'zod';
import { foldAlias, type Identity, PLAIN_TOKEN } from '../../identity/index.ts';
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { RowSeals, Storage } from '../../storage/index.ts';
import { inertText } from '../notice.ts';
import type { SlackConfig } from '../section.ts';
import { SealedLinks } from './sealed-links.ts';

/** How long a code is good for, in milliseconds. */
const CODE_MS = 600_000;
/** Random bytes of a code: it cannot be guessed within that time. */
const CODE_BYTES = 16;
/** Most codes at once: of more, the oldest is forgotten. */
const CODES = 1_000;

export interface LinkDeps {
  readonly clock: Clock;
  readonly links: Storage['slackLinks'];
  readonly seals: RowSeals;
  random(bytes: number): string;
  /** What Slack knows of a user. */
  user(id: string): Promise<unknown>;
  /** Whether somebody who signed in then may still do anything: false once they are revoked. */
  isStillGood(identity: Identity): boolean | Promise<boolean>;
}

const names = z.array(z.string());
const slackUser = z.object({
  id: z.string(),
  team_id: z.string(),
  name: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_stranger: z.boolean().optional(),
  profile: z.object({ email: z.string().max(512).optional() }).optional(),
});

export interface Linked {
  readonly slackUser: string;
  readonly slackName: string;
  readonly expiresAt: number;
}

/**
 * Who a Slack user is. Slack's word for it is not enough: they prove it by carrying a code, which only they are shown, to the
 * control plane, signed in as that person.
 */
export class SlackLinks {
  readonly #config: SlackConfig;
  readonly #deps: LinkDeps;
  readonly #links: SealedLinks;
  readonly #codes = new Map<string, { readonly user: string; readonly until: number }>();

  constructor(config: SlackConfig, deps: LinkDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#links = new SealedLinks(deps.links, deps.seals);
  }

  /** A code for this Slack user; an earlier one of theirs is good no more. */
  code(user: string): string {
    const now = this.#deps.clock.now();
    for (const [old, one] of this.#codes) if (one.user === user || one.until <= now) this.#codes.delete(old);
    const [oldest] = this.#codes.keys();
    if (this.#codes.size >= CODES && oldest !== undefined) this.#codes.delete(oldest);
    const code = this.#deps.random(CODE_BYTES);
    this.#codes.set(code, { user, until: now + CODE_MS });
    return code;
  }

  /** Whom a Slack user stands for, as they were when they linked; null when nobody, or nobody any more. */
  async identityOf(user: string): Promise<Identity | null> {
    const row = await this.#links.find(this.#config.teamId, user);
    if (row === null || row.expires_at <= this.#deps.clock.now()) return null;
    const identity: Identity = Object.freeze({
      ...PLAIN_TOKEN,
      subject: row.subject,
      displayName: row.display_name,
      groups: names.parse(JSON.parse(row.groups)),
      aliases: names.parse(JSON.parse(row.aliases)),
      actor: null,
      task: null,
      kind: 'person',
      expiresAt: row.expires_at,
    });
    return (await this.#deps.isStillGood(identity)) ? identity : null;
  }

  /**
   * Links whoever was shown this code to this person. Rejects with Fault `not-permitted` or `not-found`; whichever it is, the
   * code is used up: it was in somebody else's hands.
   */
  async link(identity: Identity, code: string, record: (linked: Linked) => void): Promise<Linked> {
    if (identity.kind !== 'person' || identity.actor !== null)
      throw new Fault('not-permitted', 'Only a person can link a Slack user, not an agent or a machine.');
    const found = this.#codes.get(code);
    this.#codes.delete(code);
    const now = this.#deps.clock.now();
    if (found === undefined || found.until <= now)
      throw new Fault(
        'not-found',
        'This code is not good, or not any more: press the button in Slack for a new one.',
      );
    const name = await this.#check(found.user, identity);
    const expiresAt = now + this.#config.linkMinutes * 60_000;
    const linked = { slackUser: found.user, slackName: name, expiresAt };
    // In the log before it counts.
    record(linked);
    await this.#links.put({
      team_id: this.#config.teamId,
      user_id: found.user,
      subject: identity.subject,
      display_name: identity.displayName,
      groups: JSON.stringify(identity.groups),
      aliases: JSON.stringify(identity.aliases),
      linked_at: now,
      expires_at: expiresAt,
    });
    return linked;
  }

  /** Ends every link of this person; how many there were. */
  unlink({ subject }: Identity): Promise<number> {
    return this.#links.removeOf(subject, this.#deps.clock.now());
  }

  /** That the Slack user is a whole member of the workspace, and, by their address, this person: codes can be talked out of people. */
  async #check(user: string, { aliases }: Identity): Promise<string> {
    const { matchEmail, teamId } = this.#config;
    const parsed = slackUser.safeParse(await this.#deps.user(user));
    if (!parsed.success || parsed.data.id !== user || parsed.data.team_id !== teamId) throw notThem();
    const { data } = parsed;
    if (data.deleted || data.is_bot || data.is_restricted || data.is_ultra_restricted || data.is_stranger)
      throw notThem();
    const email = data.profile?.email ?? '';
    const own = email.includes('@') && aliases.map(foldAlias).includes(foldAlias(email));
    if (matchEmail && !own)
      throw new Fault(
        'not-permitted',
        'The e-mail address that Slack has of this user is none of yours, so they are not linked. Never use a code that somebody else gave you.',
      );
    return inertText(data.name ?? '', 80);
  }
}

function notThem(): Fault {
  return new Fault(
    'not-permitted',
    'This Slack user is not a full member of the workspace, so they are not linked.',
  );
}
