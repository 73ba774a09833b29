/** What the audit log says of policy sets: which files, with what in them, what changed, and what brought it about. */
import type { EntryFields } from '@sallyport/audit-log';
import {
  type AuditEntry,
  type AuditLog,
  changesOf,
  type LastEntry,
  type Listing,
  listedFacts,
  listingIn,
  listingOf,
} from '../audit/index.ts';
import type { PolicyDirectory } from './directory.ts';
import type { PolicyError } from './source.ts';

/** Why the directory was read: the gateway started, somebody said so, or it was seen to have changed. */
export type Trigger = 'start' | 'command' | 'change';

/** Most errors that an entry names. */
const LISTED_ERRORS = 10;

/** A set as the log knows it. */
interface Recorded {
  readonly version: string;
  /** Null in entries from before files had digests. */
  readonly files: Listing | null;
}

/** Writes the entries of one policy directory; each set is compared with the one that was loaded last, in this run or before. */
export class PolicyRecord {
  readonly #audit: Pick<AuditLog, 'append'>;
  #last: Recorded | null;

  constructor(audit: Pick<AuditLog, 'append'>, lastEntry: LastEntry) {
    this.#audit = audit;
    this.#last = recordedIn(lastEntry('policy-loaded'));
  }

  /** Before the set is put in force. Throws Fault `audit-unavailable`. */
  loaded(set: PolicyDirectory, trigger: Trigger): void {
    const { policies, version } = set;
    const files = listingOf(set.files);
    this.#audit.append({
      type: 'policy-loaded',
      policyVersion: version,
      facts: { ...this.#factsOf(set, files, trigger), policies: policies.length },
    });
    this.#last = { version, files };
  }

  rejected(set: PolicyDirectory, trigger: Trigger): void {
    this.#audit.append({
      type: 'policy-rejected',
      policyVersion: set.version,
      reason: 'the policy set is not valid',
      facts: {
        ...this.#factsOf(set, listingOf(set.files), trigger),
        errors: set.errors.slice(0, LISTED_ERRORS).map(showError),
      },
    });
  }

  #factsOf(
    { directory }: PolicyDirectory,
    files: Listing,
    trigger: Trigger,
  ): NonNullable<AuditEntry['facts']> {
    const last = this.#last;
    return {
      directory,
      trigger,
      ...listedFacts('files', files),
      ...(last === null ? {} : { before: last.version }),
      ...(last === null || last.files === null ? {} : changesOf(last.files, files)),
    };
  }
}

function recordedIn(entry: EntryFields | null): Recorded | null {
  const version = entry?.policyVersion;
  return typeof version === 'string' ? { version, files: listingIn(entry, 'files') } : null;
}

/** One error as people read it: `agents.cedar:12: …`. */
export function showError({ file, line, message }: PolicyError): string {
  const text = `${file}${line === 0 ? '' : `:${line}`}: ${message}`;
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
