/** `npm run bench [-- transactions|bulk|idle|decisions|detectors|append|audit|holds|index|metrics|revocation|tokens|tracing] [-- --rounds N --seconds N --entries N --megabytes N]`: ratios from paired, interleaved runs. */
import { parseArgs } from 'node:util';
import { benchAppend } from './append.ts';
import { benchAudit } from './audit.ts';
import { benchBulk } from './bulk.ts';
import { benchDecisions } from './decisions.ts';
import { benchDetectors } from './detectors.ts';
import { benchHolds } from './holds.ts';
import { benchIdle } from './idle.ts';
import { benchIndex } from './index.ts';
import { benchMetrics } from './metrics.ts';
import { benchRevocation } from './revocation.ts';
import { type Stand, startStand } from './stand.ts';
import { benchTokens } from './tokens.ts';
import { benchTracing } from './tracing.ts';
import { benchTransactions } from './transactions.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    entries: { type: 'string', default: '1000000' },
    megabytes: { type: 'string', default: '1000' },
  },
});
const wanted = positionals.length > 0 ? positionals : ['transactions', 'bulk', 'idle', 'decisions'];
/** A stand of its own for each, so that none measures what another left behind. */
const benches: Readonly<Record<string, (stand: Stand) => Promise<void>>> = {
  transactions: (stand) => benchTransactions(stand, Number(values.rounds), Number(values.seconds)),
  bulk: (stand) => benchBulk(stand, Number(values.rounds)),
  idle: benchIdle,
  revocation: (stand) => benchRevocation(stand, Number(values.rounds)),
};
/** These measure what happens without a network, and need no stand. */
const alone: Readonly<Record<string, () => Promise<void>>> = {
  decisions: () => benchDecisions(Number(values.rounds)),
  detectors: async () => benchDetectors(),
  append: () => benchAppend(Number(values.rounds), Number(values.megabytes)),
  audit: () => benchAudit(Number(values.rounds)),
  holds: benchHolds,
  index: () => benchIndex(Number(values.entries)),
  metrics: async () => benchMetrics(Number(values.rounds)),
  tokens: () => benchTokens(Number(values.rounds)),
  tracing: () => benchTracing(Number(values.rounds)),
};

for (const name of wanted) {
  const local = alone[name];
  if (local !== undefined) {
    await local();
    continue;
  }
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(
      `no bench is named "${name}"; there are ${[...Object.keys(benches), ...Object.keys(alone)].join(', ')}`,
    );
  const stand = await startStand({
    postgres: { settings: { max_connections: '1300', shared_buffers: '512MB' } },
    config: 'masking: { classified: [{ column: public.bulk.email, class: email }] }',
  });
  try {
    await bench(stand);
  } finally {
    await stand.close();
  }
}
