/** One way to try to get a value out. */
export interface Attack {
  /** What stands in the lists of what leaks; unique. */
  readonly name: string;
  readonly group: string;
  /** Run one after the other in one transaction that is rolled back. */
  readonly texts: readonly string[];
  /**
   * `hidden`: whatever comes has no value in it. `denied`: what it tells is in which rows there are, in their order, in
   * whether it fails or in how long it takes, which no mask can hide, so policy must be asked and refuses.
   */
  readonly expect: 'hidden' | 'denied';
  /**
   * Where the value itself is not in what comes, only something made of it that the searcher does not know, such as a
   * length: then it leaks when the reply is the one the server itself gives.
   */
  readonly told?: 'by-reply';
  /** Cannot be in a transaction. */
  readonly alone?: true;
}

type Line = string | readonly string[];

/** Attacks of one group, each named by its group and its text. Several texts are steps. */
export function group(
  name: string,
  lines: readonly Line[],
  more: Partial<Pick<Attack, 'expect' | 'told' | 'alone'>> = {},
): readonly Attack[] {
  return lines.map((line) => {
    const texts = typeof line === 'string' ? [line] : line;
    return { name: `${name}: ${texts.join(' >> ')}`, group: name, texts, expect: 'hidden', ...more };
  });
}
