/** The tests beside this file once more, over a store on a real PostgreSQL. */
import { after } from 'node:test';
import { storesOnPostgres } from '../../../../test/fixtures/store.ts';

const server = await storesOnPostgres();
await import('./forged-rows.test.ts');
after(() => server.stop());
