/**
 * What task tokens have left. What is spent with a token is spent with every token it was made from, over all sessions.
 *
 * The store is claimed from in blocks, ahead of what is spent: a gateway that starts anew finds every token with no more
 * than was left of it, and at most a block less for each; several gateways share a budget and cannot spend it twice.
 */
import { type Identity, rejected, type TaskBudget } from '../identity/index.ts';
import { type MaybePromise, whenReady } from '../lib/async.ts';
import type { Clock } from '../lib/clock.ts';
import type { BudgetKind, TaskTokenTable } from '../storage/index.ts';
import { Account } from './account.ts';

/** What is used up, and of which token. */
export interface UsedUp {
  readonly kind: BudgetKind;
  /** How much there was. */
  readonly most: number;
  /** The token it is used up of: the one that was presented, or one that it was made from. */
  readonly tokenId: string;
}

/** The budget of one task token. */
export interface Budget {
  /** Takes one, or tells what is used up. Immediate while what was claimed lasts. */
  take(kind: 'operations' | 'approvals'): MaybePromise<UsedUp | null>;
  /** What is used up already, without taking. */
  usedUp(kind: BudgetKind): UsedUp | null;
  /** Takes rows as they are delivered, and gives how many of them may be. */
  takeRows(count: number): number;
  left(): TaskBudget;
}

export interface Ledger {
  /** The budget of a task token. Rejects with Fault `credential-rejected` for one that was not given out here. */
  open(identity: Pick<Identity, 'tokenId' | 'scope'>): Promise<Budget>;
  /** Puts back what was claimed and not spent. */
  close(): Promise<void>;
}

export interface LedgerDependencies {
  readonly store: TaskTokenTable;
  readonly clock: Clock;
  /** A fault nobody waits for. */
  report(fault: unknown): void;
}

export function createLedger({ store, clock, report }: LedgerDependencies): Ledger {
  const accounts = new Map<string, Promise<Account>>();

  async function load(id: string): Promise<Account> {
    const row = await store.find(id);
    if (row === null || row.expires_at <= clock.now()) {
      accounts.delete(id);
      throw rejected('this gateway has no record of it, so that nobody can tell what is left of it');
    }
    return new Account(row, store, report);
  }

  function account(id: string): Promise<Account> {
    const known = accounts.get(id) ?? load(id);
    accounts.set(id, known);
    known.catch(() => accounts.delete(id));
    return known;
  }

  function forgetExpired(): void {
    for (const [id, opening] of accounts) {
      void opening.then(
        (one) => {
          if (one.expiresAt <= clock.now()) accounts.delete(id);
        },
        () => undefined,
      );
    }
  }
  const sweeping = setInterval(forgetExpired, SWEEP_MS);
  sweeping.unref();

  return {
    async open({ tokenId, scope }) {
      const chain = await Promise.all([tokenId, ...(scope?.ancestors ?? [])].map(account));
      return budgetOf(chain);
    },
    async close() {
      clearInterval(sweeping);
      const opened = await Promise.all([...accounts.values()].map((one) => one.catch(() => null)));
      for (const one of opened) await one?.settle().catch(report);
    },
  };
}

/** How often accounts of tokens that expired are forgotten, in milliseconds. */
const SWEEP_MS = 60_000;

function budgetOf(chain: readonly Account[]): Budget {
  const usedUp = (kind: BudgetKind): UsedUp | null => {
    const empty = chain.find((one) => one.left(kind) <= 0);
    return empty === undefined ? null : { kind, most: empty.limits[kind], tokenId: empty.id };
  };
  const take = (kind: 'operations' | 'approvals'): MaybePromise<UsedUp | null> => {
    const over = usedUp(kind);
    if (over !== null) return over;
    const short = chain.filter((one) => !one.holds(kind));
    if (short.length === 0) {
      for (const one of chain) one.spend(kind, 1);
      return null;
    }
    // Meanwhile others may spend what was claimed here: so it is looked at again.
    return whenReady(
      Promise.all(short.map((one) => one.claim(kind))).then(() => undefined),
      () => take(kind),
    );
  };
  return {
    take,
    usedUp,
    takeRows(count) {
      const granted = Math.max(0, Math.min(count, ...chain.map((one) => one.spendable('rows'))));
      for (const one of chain) {
        one.spend('rows', granted);
        one.claimAhead('rows');
      }
      return granted;
    },
    left() {
      const least = (kind: BudgetKind) => Math.max(0, Math.min(...chain.map((one) => one.left(kind))));
      return { operations: least('operations'), rows: least('rows'), approvals: least('approvals') };
    },
  };
}
