/** Outcomes counted, and the statements that were missed. */
import type { Outcome } from './asked.ts';

export interface Miss {
  readonly where: string;
  readonly sql: string;
  readonly missed: readonly string[];
  readonly said: readonly string[];
}

export class Tally {
  readonly counts: Record<Outcome['kind'], number> = {
    exactly: 0,
    over: 0,
    undetermined: 0,
    missed: 0,
    failed: 0,
    unobservable: 0,
  };
  readonly misses: Miss[] = [];
  readonly why = new Map<string, number>();

  add(where: string, sql: string, outcome: Outcome, said: readonly string[]): void {
    this.counts[outcome.kind] += 1;
    if (outcome.kind === 'missed') this.misses.push({ where, sql, missed: outcome.missed, said });
    if (outcome.kind === 'undetermined') {
      // Names differ, reasons do not.
      const reason = outcome.why
        .replaceAll(/\b(relation|function|cursor|statement|role) \S+/g, '$1 …')
        .slice(0, 90);
      this.why.set(reason, (this.why.get(reason) ?? 0) + 1);
    }
  }

  /** Statements that ran and whose locks could be read. */
  get compared(): number {
    const { exactly, over, undetermined, missed } = this.counts;
    return exactly + over + undetermined + missed;
  }

  row(name: string): readonly string[] {
    const { exactly, over, undetermined, missed, failed, unobservable } = this.counts;
    const share = (part: number): string =>
      this.compared === 0 ? '-' : `${((100 * part) / this.compared).toFixed(1)} %`;
    return [
      name,
      String(this.compared),
      ...[exactly, over, undetermined].map((part) => `${part} (${share(part)})`),
      String(missed),
      String(failed),
      String(unobservable),
    ];
  }
}

export const TALLY_HEAD = [
  'corpus',
  'compared',
  'exactly',
  'more than the server',
  'undetermined',
  'MISSED',
  'failed',
  'not observable',
] as const;
