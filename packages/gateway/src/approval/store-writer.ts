/** Writes to the store one after the other, in the order things happened. Nobody waits for them but who asks to. */
export class StoreWriter {
  readonly #report: (fault: unknown) => void;
  #written: Promise<void> = Promise.resolve();

  constructor(report: (fault: unknown) => void) {
    this.#report = report;
  }

  write(work: () => Promise<unknown>, failed: () => void = () => {}): void {
    this.#written = this.#written.then(work).then(
      () => undefined,
      (fault: unknown) => {
        this.#report(fault);
        failed();
      },
    );
  }

  /** Resolves when everything so far was written, or could not be. Never rejects. */
  written(): Promise<void> {
    return this.#written;
  }
}
