import type { TaskBudget } from '../identity/index.ts';
import type { BudgetKind, TaskTokenRow, TaskTokenTable } from '../storage/index.ts';

/** Most that is claimed at once: what a crash can cost a token. A small budget is claimed one by one. */
const BLOCKS: Readonly<Record<BudgetKind, number>> = { operations: 64, rows: 2_000, approvals: 1 };
const PARTS = 16;
const KINDS: readonly BudgetKind[] = ['operations', 'rows', 'approvals'];

interface Column {
  /** What this gateway claimed of the store. */
  claimed: number;
  /** What it spent. Rows may run ahead of what is claimed by what is delivered while a claim is under way. */
  spent: number;
  /** What the store had as spent when it was last asked, the claims of this gateway included. */
  inStore: number;
  claiming: Promise<void> | null;
}

/** One task token's budget, as this gateway knows it. */
export class Account {
  readonly id: string;
  readonly limits: TaskBudget;
  readonly expiresAt: number;
  readonly #store: TaskTokenTable;
  readonly #report: (fault: unknown) => void;
  readonly #columns: Readonly<Record<BudgetKind, Column>>;
  /** The store could not be asked when it last was. */
  #broken = false;

  constructor(row: TaskTokenRow, store: TaskTokenTable, report: (fault: unknown) => void) {
    this.id = row.id;
    this.expiresAt = row.expires_at;
    this.limits = { operations: row.operations_limit, rows: row.rows_limit, approvals: row.approvals_limit };
    this.#store = store;
    this.#report = report;
    const column = (inStore: number): Column => ({ claimed: 0, spent: 0, inStore, claiming: null });
    this.#columns = {
      operations: column(row.operations_spent),
      rows: column(row.rows_spent),
      approvals: column(row.approvals_spent),
    };
  }

  /** What may still be spent, claimed or not. */
  left(kind: BudgetKind): number {
    const { claimed, spent, inStore } = this.#columns[kind];
    return this.limits[kind] - (inStore - claimed) - spent;
  }

  /** What may be spent now, without asking the store: while it cannot be asked, only what is claimed. */
  spendable(kind: BudgetKind): number {
    const { claimed, spent } = this.#columns[kind];
    return this.#broken ? Math.min(claimed - spent, this.left(kind)) : this.left(kind);
  }

  /** Whether one can be spent of what is claimed. */
  holds(kind: BudgetKind): boolean {
    const { claimed, spent } = this.#columns[kind];
    return claimed > spent;
  }

  spend(kind: BudgetKind, count: number): void {
    this.#columns[kind].spent += count;
  }

  /** Claims a further block. Rejects when the store cannot be asked, and then nothing was claimed. */
  claim(kind: BudgetKind): Promise<void> {
    const column = this.#columns[kind];
    column.claiming ??= this.#claim(kind, column).finally(() => {
      column.claiming = null;
    });
    return column.claiming;
  }

  /** Sees to it that the store is never far behind what is spent, without waiting for it. */
  claimAhead(kind: BudgetKind): void {
    const { claimed, spent, claiming, inStore } = this.#columns[kind];
    const enough = claimed - spent >= this.#block(kind) / 2 || inStore >= this.limits[kind];
    if (claiming !== null || (enough && claimed >= spent)) return;
    this.claim(kind).then(
      () => this.claimAhead(kind),
      (fault: unknown) => this.#report(fault),
    );
  }

  /** Puts back what was claimed and not spent. */
  async settle(): Promise<void> {
    for (const kind of KINDS) {
      const column = this.#columns[kind];
      await column.claiming?.catch(() => undefined);
      if (column.spent > column.claimed) await this.#claim(kind, column);
      const unspent = column.claimed - column.spent;
      if (unspent > 0) await this.#store.giveBack(this.id, kind, unspent);
      column.claimed -= Math.max(unspent, 0);
    }
  }

  async #claim(kind: BudgetKind, column: Column): Promise<void> {
    const debt = Math.max(0, column.spent - column.claimed);
    try {
      const { granted, spent } = await this.#store.claim(this.id, kind, debt + this.#block(kind));
      this.#broken = false;
      column.claimed += granted;
      column.inStore = spent;
    } catch (fault) {
      this.#broken = true;
      throw fault;
    }
  }

  #block(kind: BudgetKind): number {
    return Math.max(1, Math.min(BLOCKS[kind], Math.floor(this.limits[kind] / PARTS)));
  }
}
