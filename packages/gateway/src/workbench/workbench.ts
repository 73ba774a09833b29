/**
 * Judges operations exactly as the gateway would, by the same binder, decision point and policies, and does nothing
 * about it: nothing is forwarded and nothing is recorded. There is no permit here, only the words for what would be.
 */
import { setTimeout } from 'node:timers/promises';
import {
  type Asking,
  CONNECT,
  createDecisionMemo,
  type DecisionMemo,
  decide,
  evaluationsOf,
  hiddenUses,
  identityClass,
  mayChange,
  rememberUses,
  riskOf,
  Uses,
} from '../data-path/index.ts';
import { type MaybePromise, whenReady } from '../lib/async.ts';
import { systemClock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Masking } from '../masking/index.ts';
import {
  type ApprovalRequirement,
  createDecisionPoint,
  type Decision,
  type Explanation,
  type LimitObligation,
  type Obligation,
  type PolicyConfig,
  type PolicyDecisionPoint,
  type Question,
  type Risk,
  type SessionContext,
  type Shadow,
  workingHoursOf,
} from '../policy/index.ts';
import { createProtocols, type ProtocolOptions } from '../protocols/index.ts';
import type { Meaning, SampledTable, StudiedSession, Study, StudySource } from '../protocols/protocol.ts';
import type { SourceOf } from './catalogs.ts';
import { contextOf, type Person } from './person.ts';

/** What a workbench is made of. */
export interface WorkbenchParts {
  readonly policy: PolicyConfig;
  readonly masking: Masking;
  readonly targets: readonly { readonly name: string; readonly protocol: string }[];
  readonly http: ProtocolOptions['http'];
  readonly random: ProtocolOptions['random'];
  /** Where it is known from what is in a target. */
  readonly sourceOf: SourceOf;
}

/** One target, or a database of one, ready to have operations understood. */
export interface Desk {
  readonly target: string;
  readonly protocol: string;
  /** Where its catalog is from. */
  readonly catalog: 'live' | 'saved' | 'listed' | 'assumed';
  begin(): StudiedSession;
  /** What is known of it, for a later workbench. */
  save(): Promise<unknown>;
  /** Some rows of every table, or of those of one schema; absent where there are none to be had. For detectors only: they are clear data. */
  sampleTables?(rows: number, schema?: string): AsyncIterable<SampledTable>;
}

/** What would become of one operation. */
export interface Judgement {
  readonly effect: 'permit' | 'deny' | 'hold';
  readonly policies: readonly string[];
  /** Why not; null for a permit. */
  readonly reason: string | null;
  /** What a hold waits for. */
  readonly approvals: readonly ApprovalRequirement[];
  readonly obligations: readonly Obligation[];
  /** What it would be with the policies in shadow mode counted, where that is something else. */
  readonly shadow: Shadow | null;
  /** The risk it was judged at; null where no policy asks for it. */
  readonly risk: Risk | null;
  /** Denied because the decision point had no answer just now. */
  readonly unavailable: boolean;
}

/** What a permit limits, or null: it limits nothing. */
export function limitOf({ obligations }: Judgement): LimitObligation | null {
  return obligations.find((one) => one.kind === 'limit') ?? null;
}

export interface Workbench {
  readonly policyVersion: string;
  /** With `source`, as it is known from there. Rejects with Fault `target-unavailable` or `not-found`. */
  desk(target: string, facet: string, source?: StudySource): Promise<Desk>;
  /**
   * Who asks, ready to be asked for again and again. As at the start of a session policy says whether it may change
   * anything (`connect_writable`). At once when it is known. Never rejects.
   */
  asking(person: Person, desk: Pick<Desk, 'target' | 'protocol'>): MaybePromise<Asking>;
  /** At once when the same meaning was judged before. Never rejects. */
  judge(asking: Asking, meaning: Meaning, approved?: readonly ApprovalRequirement[]): MaybePromise<Judgement>;
  /** Whether a session could be opened at all. */
  judgeConnect(asking: Asking): MaybePromise<Judgement>;
  /** Everything policy is asked about it: what it touches, and how it uses hidden columns. */
  evaluations(asking: Asking, meaning: Meaning): readonly Question[];
  /** What the policies say to each evaluation, before any approval is counted. */
  explain(asking: Asking, meaning: Meaning): Promise<readonly Explanation[]>;
  /** How dangerous it would be now, whether a policy asks for it or not. */
  risk(asking: Asking, meaning: Meaning): Risk;
  /** It was permitted: what it touches is not new to its actor any more. */
  remember(asking: Asking, meaning: Meaning): void;
  close(): Promise<void>;
}

/** Desks kept open: each holds a catalog. */
const DESKS = 64;
/** How long a decision point that had no answer is left alone, in milliseconds. */
const ANSWER_PAUSE_MS = 500;
/** Callers remembered; more only costs making them again. */
const CALLERS = 1_000;

/** Rejects with Fault `policy-invalid` when the policies cannot be used. */
export async function openWorkbench(parts: WorkbenchParts): Promise<Workbench> {
  const decisionPoint = await createDecisionPoint(
    { ...parts.policy, watch: false },
    // Nothing that happens here is an event of the gateway's.
    { audit: { append: () => undefined }, classes: parts.masking.classes },
  );
  return new QuietWorkbench(parts, decisionPoint);
}

class QuietWorkbench implements Workbench {
  readonly #parts: WorkbenchParts;
  readonly #decisionPoint: PolicyDecisionPoint;
  readonly #decisions: DecisionMemo;
  readonly #protocols: ReturnType<typeof createProtocols>;
  readonly #desks = new Map<string, Promise<Desk>>();
  readonly #desksFrom = new WeakMap<StudySource, Map<string, Promise<Desk>>>();
  readonly #callers = new Map<string, MaybePromise<Asking>>();
  readonly #house: Asking['house'];
  readonly #judgements = new WeakMap<Decision, Judgement>();

  constructor(parts: WorkbenchParts, decisionPoint: PolicyDecisionPoint) {
    this.#parts = parts;
    this.#decisionPoint = decisionPoint;
    this.#decisions = createDecisionMemo(decisionPoint);
    this.#house = {
      decisionPoint,
      masking: parts.masking,
      workingHours: workingHoursOf(parts.policy),
      clock: systemClock,
      // As in a gateway that was just started: everything is new to everybody.
      uses: new Uses(),
    };
    this.#protocols = createProtocols({ clock: systemClock, random: parts.random, http: parts.http });
  }

  get policyVersion(): string {
    return this.#decisionPoint.version;
  }

  desk(target: string, facet: string, source?: StudySource): Promise<Desk> {
    const desks = this.#desksOf(source);
    const key = JSON.stringify([target, facet]);
    const known = desks.get(key);
    if (known !== undefined) return known;
    if (desks.size >= DESKS) {
      const message = `more than ${DESKS} databases are asked about at once`;
      return Promise.reject(new Fault('limit-exceeded', message));
    }
    const desk = this.#open(target, facet, source);
    desks.set(key, desk);
    return desk;
  }

  #desksOf(source: StudySource | undefined): Map<string, Promise<Desk>> {
    if (source === undefined) return this.#desks;
    const known = this.#desksFrom.get(source) ?? new Map<string, Promise<Desk>>();
    this.#desksFrom.set(source, known);
    return known;
  }

  async #open(target: string, facet: string, source: StudySource | undefined): Promise<Desk> {
    const registered = this.#parts.targets.find(({ name }) => name === target);
    if (registered === undefined) {
      const names = this.#parts.targets.map(({ name }) => name).slice(0, 20);
      throw new Fault('not-found', `no target is named "${target}"; there are: ${names.join(', ')}`);
    }
    const { protocol: name } = registered;
    const protocol = this.#protocols.byName(name);
    if (protocol?.study === undefined)
      throw new Fault('not-found', `operations of ${name} targets cannot be understood without a client`);
    const study = protocol.study.bind(protocol);
    if (source !== undefined)
      return deskOf(target, name, { catalog: source.kind, study: await study(facet, source) });
    return deskOf(
      target,
      name,
      await this.#parts.sourceOf(registered, facet, (chosen) => study(facet, chosen)),
    );
  }

  asking(person: Person, { target, protocol }: Pick<Desk, 'target' | 'protocol'>): MaybePromise<Asking> {
    const key = JSON.stringify([person, target, protocol]);
    const known = this.#callers.get(key);
    if (known !== undefined) return known;
    if (this.#callers.size >= CALLERS) this.#callers.clear();
    const asking = this.#admitted(contextOf(person, target, protocol));
    this.#callers.set(key, asking);
    void asking.then((one) => this.#callers.set(key, one));
    return asking;
  }

  async #admitted(asked: SessionContext): Promise<Asking> {
    const context: SessionContext = (await mayChange(this.#house, asked))
      ? asked
      : { ...asked, access: 'read-only' };
    const { identity, target } = context;
    const decisions = this.#decisions.of(identityClass(context));
    return { context, identity, target, decisions, house: this.#house };
  }

  judge(
    asking: Asking,
    meaning: Meaning,
    approved?: readonly ApprovalRequirement[],
  ): MaybePromise<Judgement> {
    return whenReady(decide(asking, { meaning }, approved), (decision) => {
      const judgement = this.#judgement(decision);
      return judgement.unavailable ? this.#judgeAgain(asking, meaning, approved) : judgement;
    });
  }

  /** A tool has the time that a client has not: an answer that could not be had is asked for once more. */
  async #judgeAgain(
    asking: Asking,
    meaning: Meaning,
    approved: readonly ApprovalRequirement[] | undefined,
  ): Promise<Judgement> {
    await setTimeout(ANSWER_PAUSE_MS);
    return this.#judgement(await decide(asking, { meaning }, approved));
  }

  judgeConnect(asking: Asking): MaybePromise<Judgement> {
    return this.judge(asking, CONNECT.meaning);
  }

  evaluations(asking: Asking, meaning: Meaning): readonly Question[] {
    const uses = hiddenUses(asking, meaning);
    return uses.length === 0 ? meaning.evaluations : [...meaning.evaluations, ...uses];
  }

  explain(asking: Asking, meaning: Meaning): Promise<readonly Explanation[]> {
    const { score: risk } = riskOf(asking, meaning);
    const questions = evaluationsOf(asking, meaning).map((evaluation) => ({ ...evaluation, risk }));
    return this.#decisionPoint.explain(asking.context, questions);
  }

  risk(asking: Asking, meaning: Meaning): Risk {
    return riskOf(asking, meaning);
  }

  remember(asking: Asking, meaning: Meaning): void {
    rememberUses(asking, meaning);
  }

  async close(): Promise<void> {
    await Promise.all([this.#decisionPoint.close(), this.#protocols.close()]);
  }

  #judgement(decision: Decision): Judgement {
    const known = this.#judgements.get(decision);
    if (known !== undefined) return known;
    const judgement = judgementOf(decision, decision.policyVersion !== this.#decisionPoint.version);
    this.#judgements.set(decision, judgement);
    return judgement;
  }
}

function deskOf(target: string, protocol: string, chosen: { catalog: Desk['catalog']; study: Study }): Desk {
  const { catalog, study } = chosen;
  const sampleTables = study.sampleTables?.bind(study);
  return {
    target,
    protocol,
    catalog,
    begin: () => study.begin(),
    save: () => study.save(),
    ...(sampleTables === undefined ? {} : { sampleTables }),
  };
}

function judgementOf(decision: Decision, unavailable: boolean): Judgement {
  const { policies, shadow = null, risk = null } = decision;
  const common = { policies, shadow, risk, unavailable };
  if (decision.effect === 'permit') {
    const { obligations } = decision;
    return { ...common, effect: 'permit', reason: null, approvals: [], obligations };
  }
  const { reason, approvals } = decision;
  const effect = approvals === null ? 'deny' : 'hold';
  return { ...common, effect, reason, approvals: approvals ?? [], obligations: [] };
}
