/** The tests beside this file once more, over PostgreSQL. */
import { after } from 'node:test';
import { storesOnPostgres } from '../../../../test/fixtures/store.ts';

const server = await storesOnPostgres();
await import('./tables.test.ts');
after(() => server.stop());
