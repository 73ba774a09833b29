/** `npm run bench [-- transactions|bulk|idle] [-- --rounds N --seconds N]`: ratios from paired, interleaved runs. */
import { parseArgs } from 'node:util';
import { benchBulk } from './bulk.ts';
import { benchIdle } from './idle.ts';
import { startStand } from './stand.ts';
import { benchTransactions } from './transactions.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '5' } },
});
const wanted = positionals.length > 0 ? positionals : ['transactions', 'bulk', 'idle'];
const stand = await startStand({
  postgres: { settings: { max_connections: '1200', shared_buffers: '512MB' } },
  config: 'masking: { classified: [{ column: public.bulk.email, class: email }] }',
});
try {
  if (wanted.includes('transactions'))
    await benchTransactions(stand, Number(values.rounds), Number(values.seconds));
  if (wanted.includes('bulk')) await benchBulk(stand, Number(values.rounds));
  if (wanted.includes('idle')) await benchIdle(stand);
} finally {
  await stand.close();
}
