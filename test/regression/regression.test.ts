/** A quick part of `npm run regression`: see docs/compatibility.md for all of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { LEFT_OUT, MEANT_DIFFERENCES, outcomeOf } from '../../tools/regression/outcome.ts';
import { type Stand, startStand } from '../../tools/regression/run.ts';
import { regressionSources } from '../../tools/regression/sources.ts';

/** In the order of PostgreSQL's own schedule: the later ones use tables of the earlier ones. */
const QUICK = [
  ...[
    'test_setup',
    'boolean',
    'varchar',
    'int8',
    'numeric',
    'uuid',
    'money',
    'strings',
    'timestamptz',
    'interval',
  ],
  ...['inet', 'copyselect', 'copydml', 'create_misc', 'create_procedure', 'errors', 'case', 'transactions'],
  ...['portals', 'largeobject', 'prepare', 'limit', 'temp', 'json', 'jsonb', 'window', 'xml'],
];

let stand: Stand | null = null;

before(async () => {
  // Fetches PostgreSQL's source package when it is not there yet.
  stand = await startStand(await regressionSources());
});
after(() => stand?.close());

test('PostgreSQL’s own regression files print the same through the gateway [regression.identical]', async (context) => {
  assert.ok(stand !== null);
  for (const name of QUICK) {
    const run = await stand.run(name);
    await context.test(name, () => {
      const outcome = outcomeOf(run);
      const wanted = name in MEANT_DIFFERENCES ? 'meant' : 'identical';
      assert.equal(outcome.kind, wanted, outcome.kind === 'differs' ? outcome.lines.join('\n') : name);
      // A file that says next to nothing, because psql could not connect, would be identical too.
      assert.ok(run.direct.length > 500 && !run.direct.includes('connection to server'), run.direct);
    });
  }
  assert.deepEqual(stand.faults, []);
});

test('every exception is explained to people [regression.identical]', () => {
  const text = readFileSync('docs/compatibility.md', 'utf8');
  for (const name of [...Object.keys(MEANT_DIFFERENCES), ...Object.keys(LEFT_OUT)]) {
    assert.ok(text.includes(`\`${name}\``), `docs/compatibility.md does not name ${name}`);
  }
});
