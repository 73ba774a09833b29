/** The statements that are asked, by the name of their corpus. */
import { askGenerated, askTpch } from '../../test/oracle/corpora.ts';
import type { Tally } from '../../test/oracle/tally.ts';
import type { Major } from '../../test/oracle/versions.ts';
import { regressionSources } from '../regression/sources.ts';
import { askRegression } from './regression-corpus.ts';

export interface CorpusOptions {
  readonly files: readonly string[];
  readonly seed: number;
  readonly statements: number;
  told(what: string): void;
}

export const CORPORA: Readonly<Record<string, (major: Major, options: CorpusOptions) => Promise<Tally>>> = {
  tpch: (major) => askTpch(major),
  generated: (major, { seed, statements, told }) =>
    askGenerated(major, seed, statements, (done, tally) => {
      if (done % 50 === 0) told(`${done} of ${statements}, ${tally.counts.missed} missed`);
    }),
  regression: async (major, { files, told }) =>
    askRegression(major, await regressionSources(), files, (file, tally) =>
      told(`${file}, ${tally.compared} compared, ${tally.counts.missed} missed`),
    ),
};
