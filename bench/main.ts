/** `npm run bench [-- transactions|bulk|idle] [-- --rounds N --seconds N]`: ratios from paired, interleaved runs. */
import { parseArgs } from 'node:util';
import { startStand } from './stand.ts';
import { benchTransactions } from './transactions.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '5' } },
});
const wanted = positionals.length > 0 ? positionals : ['transactions', 'bulk', 'idle'];
const stand = await startStand();
try {
  if (wanted.includes('transactions')) await benchTransactions(stand, Number(values.rounds), Number(values.seconds));
} finally {
  await stand.close();
}
