/** Which of the gateways over one store this is. */
export interface Place {
  /** Name of this gateway. */
  readonly replica: string;
  /** Whether there may be others: never over the embedded store, whose rows are all this gateway's. */
  readonly shared: boolean;
}

/** Most ids in one statement: both databases limit its parameters. */
const PART = 500;

export function inParts(ids: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < ids.length; at += PART) parts.push(ids.slice(at, at + PART));
  return parts;
}
