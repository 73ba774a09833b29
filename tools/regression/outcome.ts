/** What a file's two outputs say of the gateway. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileRun } from './run.ts';
import type { RegressionSources } from './sources.ts';

/** A difference that is meant: the file, why, and the line of the gateway's output it begins with. */
interface MeantDifference {
  readonly reason: string;
  readonly begins: RegExp;
}

const COPY_AMONG_OTHERS: MeantDifference = {
  reason: 'COPY to or from the client must be the only statement of its text',
  begins: /^ERROR: {2}denied: COPY to or from the client must be a statement, and a text, of its own$/,
};

/** Every file whose output may differ. docs/compatibility.md says the same to people. */
export const MEANT_DIFFERENCES: Readonly<Record<string, MeantDifference>> = {
  copyselect: COPY_AMONG_OTHERS,
  psql: COPY_AMONG_OTHERS,
  largeobject: {
    reason: 'psql’s \\lo_ commands call functions by number, without a statement that could be judged',
    begins: /^ERROR: {2}denied: the fast-path function call is not carried$/,
  },
};

/** Files that are not run, each with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {};

export type Outcome =
  | { readonly kind: 'identical' }
  | { readonly kind: 'meant'; readonly reason: string }
  | { readonly kind: 'differs'; readonly lines: readonly string[] }
  | { readonly kind: 'left out'; readonly reason: string };

/** Lines shown of a difference. */
const SHOWN = 6;

export function outcomeOf({ name, direct, gateway }: FileRun): Outcome {
  if (direct === gateway) return { kind: 'identical' };
  const [ours, theirs] = [gateway.split('\n'), direct.split('\n')];
  const at = ours.findIndex((line, index) => line !== theirs[index]);
  const from = at === -1 ? ours.length : at;
  const meant = MEANT_DIFFERENCES[name];
  if (meant?.begins.test(ours[from] ?? '') === true) return { kind: 'meant', reason: meant.reason };
  const shown = (lines: readonly string[], mark: string): string[] =>
    lines.slice(from, from + SHOWN / 2).map((line) => `${mark} ${line.slice(0, 200)}`);
  return { kind: 'differs', lines: [`line ${from + 1}`, ...shown(theirs, '<'), ...shown(ours, '>')] };
}

/** Whether the output without the gateway is one that PostgreSQL’s own test accepts. */
export function isExpected(sources: RegressionSources, { name, direct }: FileRun): boolean {
  return ['', '_1', '_2', '_3'].some((variant) => {
    try {
      return readFileSync(join(sources.folder, 'expected', `${name}${variant}.out`), 'latin1') === direct;
    } catch {
      return false;
    }
  });
}
