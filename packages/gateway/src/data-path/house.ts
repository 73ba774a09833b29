import type { Connector } from '@sallyport/connector';
import type { Approvals, AskMode } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Containment } from '../containment/index.ts';
import type { IdentityProvider } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { RateLimit } from '../lib/rate-limit.ts';
import type { Masking } from '../masking/index.ts';
import type { DecisionPoint, WorkingHours } from '../policy/index.ts';
import type { Door, Limits } from '../protocols/protocol.ts';
import type { Recorder } from '../recording/index.ts';
import type { Ledger } from '../task-tokens/index.ts';
import type { DecisionMemo } from './decide.ts';
import type { Experience } from './experience.ts';
import type { Onlooker } from './onlooker.ts';
import type { Rates } from './rates.ts';
import type { Uses } from './risk.ts';
import type { SessionRegistry } from './session-registry.ts';

/** Everything the data path stands on; wired once, in main. */
export interface House {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly identity: IdentityProvider;
  /** What task tokens have left. */
  readonly ledger: Pick<Ledger, 'open'>;
  readonly decisionPoint: DecisionPoint;
  readonly decisions: DecisionMemo;
  /** What was permitted in the last minute, where a policy limits that. */
  readonly rates: Rates;
  /** Credentials that were rejected, by address. */
  readonly failures: RateLimit;
  /** What actors have touched, for the risk of what they touch next. */
  readonly uses: Uses;
  /** When people are at work; null where no hour is special. */
  readonly workingHours: WorkingHours | null;
  readonly approvals: Approvals;
  /** How people are asked about operations at a target, unless the client says otherwise. */
  approvalMode(target: string): AskMode;
  /** What actors did before, for people who decide about more of it. */
  readonly experience: Experience;
  readonly masking: Masking;
  readonly recorder: Recorder;
  readonly audit: AuditLog;
  readonly connector: Connector;
  readonly sessions: SessionRegistry;
  readonly containment: Pick<Containment, 'generation' | 'objection'>;
  /** The connector that reaches a target. */
  connectorOf(target: string): string;
  /** Looks on at all of it; null: nobody does. */
  readonly onlooker: Onlooker | null;
  readonly tls: Door['tls'];
  /** `bytes` random bytes as lower-case hex. */
  random(bytes: number): string;
  /** A fault nobody waits for: a log that cannot be written, a listener that failed. Never holds a secret. */
  report(fault: unknown): void;
}
