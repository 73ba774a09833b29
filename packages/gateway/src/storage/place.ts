/** Which of the gateways over one store this is. */
export interface Place {
  /** Name of this gateway. */
  readonly replica: string;
  /** Whether there may be others: never over the embedded store, whose rows are all this gateway's. */
  readonly shared: boolean;
}
