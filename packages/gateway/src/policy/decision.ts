import type { Identity } from '../identity/index.ts';
import type { EvaluationFacts } from '../protocols/protocol.ts';
import type { PolicyResourceType } from './places.ts';
import type { Risk } from './risk.ts';

/** Who and where, for every evaluation of one session. Never changed: a session that lost a group is another context. */
export interface SessionContext {
  readonly identity: Identity;
  readonly target: string;
  readonly protocol: string;
  readonly secure: boolean;
  /** Read-only unless policy permitted `connect_writable`: then nothing that changes the target is permitted in it. */
  readonly access: 'read-only' | 'read-write';
}

/** An evaluation as this room asks it: one of a binding's, or about a data class (`reveal`, `probe`, `declassify`). */
export interface Question {
  readonly action: string;
  readonly resource: { readonly type: PolicyResourceType; readonly path: readonly string[] };
  readonly facts?: EvaluationFacts;
  /** The risk of the operation it belongs to; absent where no policy asks for it. */
  readonly risk?: number;
}

/** People that must approve: `seats` distinct members of `group`. */
export interface ApprovalRequirement {
  readonly group: string;
  readonly seats: number;
  /** Each of them proves with a passkey that it is them, now, for this; absent where signing in is enough. */
  readonly stepUp?: 'webauthn';
}

/** What people agreed to, as evidence for a decision (L3). */
export interface Approved extends ApprovalRequirement {
  /** How it stands beyond one operation; absent: it is for exactly the operation that is judged. */
  readonly standing?:
    | {
        readonly kind: 'grant';
        readonly id: string;
        /** What it is for, by `scopeKey`. */
        readonly scope: ReadonlySet<string>;
        /** For how long it has stood. */
        readonly ageMs: number;
      }
    /** Nobody approved: a person of this group goes ahead, and is reviewed. It counts where a policy says so. */
    | { readonly kind: 'break-glass' };
}

/** What standing evidence a permit rests on. */
export type Evidence =
  | { readonly kind: 'grant'; readonly id: string }
  | { readonly kind: 'break-glass'; readonly group: string };

/** What a grant is for: an action on a resource, however it is used. */
export function scopeKey({ action, resource }: Pick<Question, 'action' | 'resource'>): string {
  return JSON.stringify([action, resource.type, resource.path]);
}

/** On what terms people can be asked. */
export interface RequestTerms {
  /** Whoever asks must say why. */
  readonly reason: boolean;
  /** Longest time people may grant it for, in milliseconds; null: only for the one operation. */
  readonly grantMs: number | null;
  /** The evaluations that need people. */
  readonly asked: readonly Question[];
}

/** What must be done for a permit to stand. One that the data path does not know turns the permit into a deny. */
export type Obligation = { readonly kind: 'mask'; readonly revealed: readonly string[] } | LimitObligation;

/** What the operation may take at most; null where there is no limit. */
export interface LimitObligation {
  readonly kind: 'limit';
  /** Rows, or items, of its reply. */
  readonly rows: number | null;
  /** Bytes of its reply, as the target sends them. */
  readonly bytes: number | null;
  readonly timeoutMs: number | null;
  /** Operations in any minute of this subject and actor, for each policy that limits them. */
  readonly perMinute: readonly Rate[];
}

export interface Rate {
  readonly policy: string;
  readonly most: number;
}

/** What a decision would have been with the policies in shadow mode counted, where that is another one. */
export interface Shadow {
  readonly effect: 'permit' | 'hold' | 'deny';
  /** The policies in shadow mode that would have decided, or else the ones that would have. */
  readonly policies: readonly string[];
  readonly reason: string;
}

/**
 * There is no third effect: a deny with `approvals` is a requestable denial.
 * Keep a decision only while its `policyVersion` is `DecisionPoint.version`: a deny made because no answer could be
 * had carries another (`unavailable`) and is judged anew each time.
 */
export type Decision =
  | {
      readonly effect: 'permit';
      readonly policies: readonly string[];
      readonly policyVersion: string;
      readonly obligations: readonly Obligation[];
      /** Absent where it rests on nothing that stands longer than the operation. */
      readonly evidence?: readonly Evidence[];
      readonly shadow?: Shadow;
      /** The risk it was made at; absent where no policy asks for it. */
      readonly risk?: Risk;
    }
  | {
      readonly effect: 'deny';
      readonly policies: readonly string[];
      readonly policyVersion: string;
      readonly reason: string;
      /** What would change it, or null when nobody can. Never empty. */
      readonly approvals: readonly ApprovalRequirement[] | null;
      /** What could be done instead, where that is known better than by whoever tells the client. */
      readonly hint?: string;
      /** With `approvals`: on what terms. Absent: no reason needed, nothing to grant. */
      readonly terms?: RequestTerms;
      /** What was denied, where it is a use of hidden columns: what else could be done is particular to these. */
      readonly denied?: Question;
      readonly shadow?: Shadow;
      readonly risk?: Risk;
    };

/** The decision point. */
export interface DecisionPoint {
  /** Changes whenever an answer could: a decision kept under an older version is not used (L6). */
  readonly version: string;
  /** Whether a policy in force asks for the risk of operations: nobody works it out otherwise. */
  readonly asksRisk: boolean;
  /** The group an action is in, such as `write`; null when it stands alone or is not known. */
  groupOf(action: string): string | null;
  /** Whether this is an action of the policy schema, or a group of them. */
  isAction(name: string): boolean;
  /** Judges one operation as a set: permitted only if every evaluation is. Never rejects: a fault inside is a deny. */
  decide(
    context: SessionContext,
    evaluations: readonly Question[],
    approved: readonly Approved[],
    risk?: Risk | null,
  ): Promise<Decision>;
  /** Called after a new policy set is in force. */
  onChange(listener: () => void): void;
  close(): Promise<void>;
}
