import { type LogEntry, readLog } from '@sallyport/audit-log';

/** A decision as the audit log has it. */
export interface LoggedDecision {
  readonly effect: string;
  readonly evaluationId: string;
  readonly policies: readonly string[];
  readonly actions: readonly string[];
  readonly reason: string;
  readonly requestId: string;
}

/** Reads what was logged since it was last asked: what Sallyport says of a step is what it put on record. */
export function followDecisions(directory: string): () => readonly LoggedDecision[] {
  let next = 0;
  return () => {
    const fresh: LoggedDecision[] = [];
    for (const entry of readLog(directory)) {
      if (entry.seq < next) continue;
      next = entry.seq + 1;
      if (entry.fields.type === 'decision') fresh.push(decisionOf(entry));
    }
    return fresh;
  };
}

function decisionOf({ fields }: LogEntry): LoggedDecision {
  const text = (key: string) => (typeof fields[key] === 'string' ? fields[key] : '');
  const list = (key: string) => (Array.isArray(fields[key]) ? fields[key].map(String) : []);
  return {
    effect: text('effect'),
    evaluationId: text('evaluationId'),
    policies: list('policies'),
    actions: list('actions'),
    reason: text('reason'),
    requestId: text('requestId'),
  };
}
