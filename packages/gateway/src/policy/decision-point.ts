/** The decision point: judges operations by the Cedar policies of a directory, and follows the directory's changes. */
import { setTimeout } from 'node:timers/promises';
import type { AuditLog, LastEntry } from '../audit/index.ts';
import { Fault } from '../lib/fault.ts';
import type { PolicyConfig } from './config.ts';
import type { Approved, Decision, DecisionPoint, Question, SessionContext } from './decision.ts';
import { loadPolicyDirectory, policyVersion } from './directory.ts';
import { type Explanation, explainEvaluations } from './explain.ts';
import { judgeOperation, unavailable } from './judge-operation.ts';
import { PolicyRecord, showError, type Trigger } from './policy-record.ts';
import { classOf, PolicySet, type SessionClass } from './policy-set.ts';
import type { Risk } from './risk.ts';
import type { PolicyError } from './source.ts';
import { watchDirectory } from './watch.ts';

/** How long a directory must stay the same before it is read in earnest. */
const STILL_MS = 30;

export interface DecisionPointDeps {
  /** Told of every set put in force or refused. */
  readonly audit: Pick<AuditLog, 'append'>;
  /** What the log had before: a set is compared with the one loaded last. Default: nothing. */
  readonly lastEntry?: LastEntry;
  /** Every data class that `reveal` is asked for. */
  readonly classes: readonly string[];
}

/** What became of reading the directory again. */
export interface Reload {
  /** Whether the directory's set is the one in force now. */
  readonly inForce: boolean;
  readonly version: string;
  readonly errors: readonly PolicyError[];
}

/** A decision point whose policies are files. */
export interface PolicyDecisionPoint extends DecisionPoint {
  /** Reads the directory now. An invalid set changes nothing. Never rejects. */
  reload(): Promise<Reload>;
  /** What the policies say to each evaluation, and which decided, before any approval is counted. */
  explain(
    context: SessionContext,
    evaluations: readonly Question[],
    risk?: Risk | null,
  ): Promise<readonly Explanation[]>;
}

/** Rejects with Fault `policy-invalid` when the directory holds no usable set. */
export async function createDecisionPoint(
  config: PolicyConfig,
  deps: DecisionPointDeps,
): Promise<PolicyDecisionPoint> {
  const record = new PolicyRecord(deps.audit, deps.lastEntry ?? (() => null));
  const loaded = await loadPolicyDirectory(config.directory, config.limits);
  if (loaded.errors.length > 0) {
    record.rejected(loaded, 'start');
    throw new Fault(
      'policy-invalid',
      `The policies in ${config.directory} cannot be used:\n${listErrors(loaded.errors)}`,
    );
  }
  const set = await PolicySet.start(loaded, config.limits);
  record.loaded(loaded, 'start');
  return new FilePolicyDecisionPoint(config, deps, set, record);
}

class FilePolicyDecisionPoint implements PolicyDecisionPoint {
  readonly #config: PolicyConfig;
  readonly #deps: DecisionPointDeps;
  readonly #record: PolicyRecord;
  readonly #listeners: (() => void)[] = [];
  readonly #sessions = new WeakMap<SessionContext, SessionClass>();
  readonly #stopWatching: () => void;
  #set: PolicySet;
  /** The version last tried, so that one broken set is reported once. */
  #tried: string;
  #reloading: Promise<unknown> = Promise.resolve();
  #closed = false;
  #looking = false;

  constructor(config: PolicyConfig, deps: DecisionPointDeps, set: PolicySet, record: PolicyRecord) {
    this.#config = config;
    this.#deps = deps;
    this.#record = record;
    this.#set = set;
    this.#tried = set.version;
    this.#stopWatching = config.watch ? watchDirectory(config.directory, () => this.#look()) : () => {};
  }

  get version(): string {
    return this.#set.version;
  }

  get asksRisk(): boolean {
    return this.#set.asksRisk;
  }

  groupOf(action: string): string | null {
    return this.#set.groupOf(action);
  }

  isAction(name: string): boolean {
    return this.#set.isAction(name);
  }

  async decide(
    context: SessionContext,
    evaluations: readonly Question[],
    approved: readonly Approved[],
    risk: Risk | null = null,
  ): Promise<Decision> {
    const session = this.#sessionClass(context);
    for (let round = 0; round < 3; round++) {
      const set = this.#set;
      const decision = await judgeOperation(
        set,
        session,
        { evaluations, approved, risk: set.asksRisk ? (risk?.score ?? null) : null },
        this.#deps.classes,
        this.#config.limits,
      );
      // A permit of a set that was replaced meanwhile is not given out (L6).
      if (set === this.#set) return decision;
    }
    return unavailable('the policies changed while this was judged');
  }

  explain(
    context: SessionContext,
    evaluations: readonly Question[],
    risk: Risk | null = null,
  ): Promise<readonly Explanation[]> {
    const set = this.#set;
    const score = set.asksRisk ? (risk?.score ?? null) : null;
    const classes = this.#deps.classes;
    return explainEvaluations(set, this.#sessionClass(context), { evaluations, risk: score, classes });
  }

  reload(): Promise<Reload> {
    return this.#reload('command');
  }

  #reload(trigger: Trigger): Promise<Reload> {
    const next = this.#reloading.then(() => this.#reloadNow(trigger));
    this.#reloading = next;
    return next;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    await this.#reloading;
    await this.#set.close();
  }

  /** Reloads when the directory is not what was last tried, and has stopped changing. */
  #look(): void {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    void this.#changed()
      .then((changed) => (changed ? this.#reload('change') : null))
      .finally(() => {
        this.#looking = false;
      });
  }

  async #changed(): Promise<boolean> {
    const { directory, limits } = this.#config;
    let version = await policyVersion(directory, limits);
    // A file that is being written may be valid half-way, with its last forbid missing.
    for (let rounds = 0; version !== this.#tried && rounds < 20; rounds++) {
      await setTimeout(STILL_MS);
      const again = await policyVersion(directory, limits);
      if (again === version) return true;
      version = again;
    }
    return false;
  }

  async #reloadNow(trigger: Trigger): Promise<Reload> {
    const { directory, limits } = this.#config;
    const loaded = await loadPolicyDirectory(directory, limits);
    const kept = (errors: readonly PolicyError[]): Reload => ({
      inForce: false,
      version: this.version,
      errors,
    });
    if (this.#closed) return kept([{ file: directory, line: 0, message: 'the decision point is closed' }]);
    try {
      const reported = loaded.version === this.#tried;
      if (loaded.errors.length > 0) {
        if (!reported) this.#record.rejected(loaded, trigger);
        this.#tried = loaded.version;
        return kept(loaded.errors);
      }
      if (loaded.version === this.version) {
        this.#tried = loaded.version;
        return { inForce: true, version: this.version, errors: [] };
      }
      const set = await PolicySet.start(loaded, limits);
      try {
        this.#record.loaded(loaded, trigger);
      } catch (fault) {
        await set.close();
        throw fault;
      }
      this.#replace(set);
      return { inForce: true, version: this.version, errors: [] };
    } catch (fault) {
      return kept([{ file: directory, line: 0, message: `could not be put in force: ${messageOf(fault)}` }]);
    }
  }

  #replace(set: PolicySet): void {
    const old = this.#set;
    this.#set = set;
    this.#tried = set.version;
    old.retire();
    for (const listener of this.#listeners) listener();
  }

  #sessionClass(context: SessionContext): SessionClass {
    let session = this.#sessions.get(context);
    if (session === undefined) {
      session = classOf(context);
      this.#sessions.set(context, session);
    }
    return session;
  }
}

function listErrors(errors: readonly PolicyError[]): string {
  const more = errors.length > 20 ? `\n  and ${errors.length - 20} more` : '';
  return `${errors
    .slice(0, 20)
    .map((error) => `  ${showError(error)}`)
    .join('\n')}${more}`;
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
