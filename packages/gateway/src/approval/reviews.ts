import { z } from 'zod';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { ReviewRow, Storage } from '../storage/index.ts';
import type { AccessRequestSubject } from './approval.ts';
import { ExpiryTimer, type Schedule } from './expiry-timer.ts';
import { reasonWithin } from './limits.ts';
import type { Review, ReviewClosing, ReviewRoom, ReviewVerdict } from './review.ts';
import { objectionToReview, sameNames } from './rules.ts';
import type { ApprovalConfig } from './section.ts';
import type { StoreWriter } from './store-writer.ts';
import { shownOf } from './stored-view.ts';
import { maySee } from './visibility.ts';

export interface ReviewDependencies {
  readonly config: ApprovalConfig;
  readonly storage: Pick<Storage, 'reviews' | 'bus' | 'shared'>;
  readonly store: StoreWriter;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly schedule: Schedule;
  random(bytes: number): string;
  readonly report: (fault: unknown) => void;
}

/** Most reviews open at once, read back at the start (L10): with more nobody breaks glass. */
const OPEN_REVIEWS = 10_000;
const DEFAULT_LIST_LIMIT = 100;
const HOUR_MS = 3_600_000;

/** Word between gateways over one store: this review was opened, or closed. */
const TOPIC = 'reviews';

type Kept = Omit<Review, 'closable'>;

/** What people did without waiting, until another has looked at it. */
export class Reviews implements ReviewRoom {
  readonly #deps: ReviewDependencies;
  readonly #open = new Map<string, Kept>();
  readonly #timer: ExpiryTimer;
  readonly #unsubscribe: () => void;
  /** Open at other gateways, as the store last had them: they keep their people from breaking glass here, too. */
  #elsewhere: readonly Pick<Kept, 'id' | 'aliases' | 'dueAt'>[] = [];

  constructor(deps: ReviewDependencies) {
    this.#deps = deps;
    this.#timer = new ExpiryTimer(
      deps.schedule,
      () => deps.clock.now(),
      () => this.#lookForOverdue(),
    );
    this.#unsubscribe = deps.storage.bus.subscribe(TOPIC, () => this.#lookElsewhere());
  }

  async load(): Promise<void> {
    for (const row of await this.#deps.storage.reviews.open(OPEN_REVIEWS))
      this.#open.set(row.id, reviewOf(row));
    await this.#lookElsewhere();
    const next = this.#lookForOverdue();
    if (next !== null) this.#timer.arm(next);
  }

  objection(identity: Identity): string | null {
    this.#lookForOverdue();
    const now = this.#deps.clock.now();
    const open = [...this.#open.values(), ...this.#elsewhere];
    const own = open.filter((one) => sameNames(one.aliases, identity));
    const overdue = own.find(({ dueAt }) => dueAt <= now);
    if (overdue !== undefined)
      return `your review ${overdue.id} is overdue: another person has to close it first`;
    if (own.length >= this.#deps.config.openReviewsPerPerson)
      return `you have ${own.length} reviews open (approval.open_reviews_per_person): another person has to close some first`;
    return this.#open.size >= OPEN_REVIEWS ? `${OPEN_REVIEWS} reviews are open` : null;
  }

  /** Puts it on record, then opens the review. Throws Fault `limit-exceeded` or `audit-unavailable`: then nothing may run. */
  open(subject: AccessRequestSubject, groups: readonly string[]): string {
    const { identity, sessionId, target, digest, text, form, parameters, requirements, shown } = subject;
    // Asked before they were judged; others of theirs may have been opened since.
    const objection = this.objection(identity);
    if (objection !== null) throw new Fault('limit-exceeded', `you cannot break glass: ${objection}`);
    const now = this.#deps.clock.now();
    const review: Kept = {
      id: `rv-${this.#deps.random(8)}`,
      sessionId,
      subject: identity.subject,
      displayName: identity.displayName,
      aliases: identity.aliases,
      target,
      digest,
      text,
      form,
      parameters,
      requirements,
      reason: shown.stated,
      shown,
      state: 'open',
      openedAt: now,
      dueAt: now + this.#deps.config.reviewHours * HOUR_MS,
      closed: null,
    };
    const facts = { review: review.id, dueAt: review.dueAt, groups };
    this.#deps.audit.append({ type: 'break-glass', ...entryOf(review), reason: review.reason, facts });
    this.#open.set(review.id, review);
    const row = rowOf(review);
    this.#write(review.id, () => this.#deps.storage.reviews.opened(row));
    this.#timer.arm(review.dueAt);
    return review.id;
  }

  async list(
    viewer: Identity,
    { all = false, past = false, limit = DEFAULT_LIST_LIMIT }: Parameters<ReviewRoom['list']>[1] = {},
  ): Promise<readonly Review[]> {
    this.#lookForOverdue();
    const open = [...this.#open.values()].reverse();
    let found: readonly Kept[] = open;
    if (past || this.#deps.storage.shared) {
      await this.#deps.store.written();
      const stored = (await this.#deps.storage.reviews.list(OPEN_REVIEWS)).map(reviewOf);
      // Those that are open and not here wait at another gateway.
      found = [
        ...open,
        ...stored.filter(({ id, closed }) => (past || closed === null) && !this.#open.has(id)),
      ];
    }
    const seen = found.filter((one) => all || maySee(viewer, { ...one, actor: null }));
    return seen.slice(0, limit).map((one) => this.#view(one, viewer));
  }

  async get(id: string, viewer: Identity, all = false): Promise<Review> {
    this.#lookForOverdue();
    const review = this.#open.get(id) ?? (await this.#stored(id));
    if (review === null || !(all || maySee(viewer, { ...review, actor: null })))
      throw new Fault('not-found', 'There is no such review, or it is not yours to see.');
    return this.#view(review, viewer);
  }

  async close(id: string, reviewer: Identity, verdict: ReviewVerdict, words: string): Promise<Review> {
    const seen = await this.get(id, reviewer);
    // From here on nothing is awaited: what is checked is what is decided.
    const review = this.#open.get(id);
    if (review === undefined)
      throw new Fault(
        'conflict',
        seen.state === 'closed'
          ? `Could not close ${id}: it is closed.`
          : `Could not close ${id}: it is kept by another gateway over this store; close it there.`,
      );
    const objection = objectionToReview(reviewer, review);
    if (objection !== null) throw new Fault('not-permitted', `Could not close ${id}: ${objection}.`);
    const { reasonLength } = this.#deps.config;
    const said = reasonWithin(words, reasonLength);
    if (said === '')
      throw new Fault(
        'limit-exceeded',
        `Could not close ${id}: say what you found, in 1 to ${reasonLength} characters.`,
      );
    const closed: ReviewClosing = {
      at: this.#deps.clock.now(),
      by: reviewer.subject,
      byName: reviewer.displayName,
      verdict,
      words: said,
    };
    const facts = { review: id, reviewer: reviewer.subject, verdict };
    this.#deps.audit.append({ type: 'review-closed', ...entryOf(review), facts });
    this.#open.delete(id);
    this.#write(id, () =>
      this.#deps.storage.reviews.closed(id, {
        closed_at: closed.at,
        closed_by: closed.by,
        closed_by_name: closed.byName,
        verdict,
        words: said,
      }),
    );
    await this.#deps.store.written();
    return this.#view({ ...review, state: 'closed', closed }, reviewer);
  }

  stop(): void {
    this.#timer.stop();
    this.#unsubscribe();
  }

  /** Other gateways are told once the store has it. */
  #write(id: string, work: () => Promise<void>): void {
    const { store, storage } = this.#deps;
    store.write(async () => {
      await work();
      await storage.bus.publish(TOPIC, id);
    });
  }

  async #lookElsewhere(): Promise<void> {
    if (!this.#deps.storage.shared) return;
    const rows = await this.#deps.storage.reviews.openElsewhere(OPEN_REVIEWS);
    this.#elsewhere = rows.map(({ id, aliases, due_at }) => ({
      id,
      aliases: namesColumn.parse(JSON.parse(aliases)),
      dueAt: Number(due_at),
    }));
  }

  #view(review: Kept, viewer: Identity): Review {
    const closable = this.#open.has(review.id) && objectionToReview(viewer, review) === null;
    return { ...review, closable };
  }

  /** Sounds the alarm, once for each; gives when the next is due. */
  #lookForOverdue(): number | null {
    const now = this.#deps.clock.now();
    let next: number | null = null;
    for (const review of [...this.#open.values()]) {
      if (review.state !== 'open') continue;
      if (review.dueAt > now) {
        next = Math.min(next ?? review.dueAt, review.dueAt);
        continue;
      }
      this.#open.set(review.id, { ...review, state: 'overdue' });
      try {
        const facts = { review: review.id, dueAt: review.dueAt };
        this.#deps.audit.append({ type: 'review-overdue', ...entryOf(review), facts });
      } catch (fault) {
        this.#deps.report(fault);
        continue;
      }
      this.#deps.store.write(() => this.#deps.storage.reviews.overdue(review.id, now));
    }
    return next;
  }

  async #stored(id: string): Promise<Kept | null> {
    await this.#deps.store.written();
    const row = await this.#deps.storage.reviews.find(id);
    return row === null ? null : reviewOf(row);
  }
}

function entryOf({ id, sessionId, subject, target, digest, form }: Kept): Omit<AuditEntry, 'type'> {
  return { requestId: id, sessionId, subject, actor: null, target, digest, form };
}

const namesColumn = z.array(z.string());
const requirementsColumn = z.array(z.object({ group: z.string(), seats: z.number() }));
const verdictColumn = z.enum(['justified', 'not-justified']);

function reviewOf(row: ReviewRow): Kept {
  const closed =
    row.closed_at === null
      ? null
      : {
          at: Number(row.closed_at),
          by: row.closed_by ?? '',
          byName: row.closed_by_name ?? '',
          verdict: verdictColumn.parse(row.verdict),
          words: row.words ?? '',
        };
  return {
    id: row.id,
    sessionId: row.session_id,
    subject: row.subject,
    displayName: row.display_name,
    aliases: namesColumn.parse(JSON.parse(row.aliases)),
    target: row.target,
    digest: row.digest,
    text: row.text,
    form: row.form,
    parameters: row.parameters === null ? null : namesColumn.parse(JSON.parse(row.parameters)),
    requirements: requirementsColumn.parse(JSON.parse(row.requirements)),
    reason: row.reason,
    shown: shownOf(row.shown),
    state: closed !== null ? 'closed' : row.overdue_at === null ? 'open' : 'overdue',
    openedAt: Number(row.opened_at),
    dueAt: Number(row.due_at),
    closed,
  };
}

function rowOf(review: Kept): Omit<ReviewRow, 'replica'> {
  return {
    id: review.id,
    session_id: review.sessionId,
    subject: review.subject,
    display_name: review.displayName,
    aliases: JSON.stringify(review.aliases),
    target: review.target,
    digest: review.digest,
    text: review.text,
    form: review.form,
    parameters: JSON.stringify(review.parameters),
    requirements: JSON.stringify(review.requirements),
    reason: review.reason,
    shown: JSON.stringify(review.shown),
    opened_at: review.openedAt,
    due_at: review.dueAt,
    overdue_at: null,
    closed_at: null,
    closed_by: null,
    closed_by_name: null,
    verdict: null,
    words: null,
  };
}
