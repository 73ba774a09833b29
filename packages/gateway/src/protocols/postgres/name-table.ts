/**
 * What a name stands for, while the target has not yet answered.
 *
 * A client may send Parse, Bind and Close in a pipeline, and the target skips them all after an error. Believing
 * the newest message would let a client make the gateway judge one statement and the target run another, so a name
 * counts as changed only when the target confirms it.
 */
export interface Proposal<T> {
  readonly name: string;
  /** Null when the name is to be closed. */
  readonly value: T | null;
  /** Counts Sync messages: within one segment a later message only runs if the earlier ones succeeded. */
  readonly segment: number;
}

export class NameTable<T> {
  readonly #confirmed = new Map<string, T>();
  #proposed: Proposal<T>[] = [];

  /** Names confirmed or proposed: what a limit is compared with. */
  get size(): number {
    return this.#confirmed.size + this.#proposed.length;
  }

  propose(name: string, value: T | null, segment: number): Proposal<T> {
    const proposal = { name, value, segment };
    this.#proposed.push(proposal);
    return proposal;
  }

  /** The target carried it out. */
  confirm(proposal: Proposal<T>): void {
    this.discard(proposal);
    if (proposal.value === null) this.#confirmed.delete(proposal.name);
    else this.#confirmed.set(proposal.name, proposal.value);
  }

  /** The target skipped it, or refused it. */
  discard(proposal: Proposal<T>): void {
    const at = this.#proposed.indexOf(proposal);
    if (at >= 0) this.#proposed.splice(at, 1);
  }

  /** The target gave these names up by itself; what is proposed is not touched. */
  forget(which: { readonly name: string } | 'all' | 'all but the unnamed'): void {
    if (typeof which === 'object') {
      this.#confirmed.delete(which.name);
      return;
    }
    const unnamed = this.#confirmed.get('');
    this.#confirmed.clear();
    if (unnamed !== undefined && which !== 'all') this.#confirmed.set('', unnamed);
  }

  /**
   * Everything the name may stand for when a message of this segment uses it. A proposal of the same segment is
   * exact: had it failed, the message that asks would be skipped. One of an earlier segment may or may not hold.
   */
  candidates(name: string, segment: number): readonly T[] {
    const found: T[] = [];
    for (let at = this.#proposed.length - 1; at >= 0; at -= 1) {
      const proposal = this.#proposed[at] as Proposal<T>;
      if (proposal.name !== name) continue;
      if (proposal.value !== null) found.push(proposal.value);
      if (proposal.segment === segment) return found;
    }
    const confirmed = this.#confirmed.get(name);
    if (confirmed !== undefined) found.push(confirmed);
    return found;
  }
}
