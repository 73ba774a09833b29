import { after, before } from 'node:test';
import { type PostgresServer, startPostgres } from '../fixtures/postgres-server.ts';
import { conformance } from './conformance.ts';
import { CONFORMANCE_SQL, postgresFixture } from './postgres-fixture.ts';

let server: PostgresServer | null = null;
const running = (): PostgresServer => {
  if (server === null) throw new Error('PostgreSQL is not running yet');
  return server;
};

before(async () => {
  server = await startPostgres({ auth: 'trust', initSql: CONFORMANCE_SQL });
});
after(() => server?.stop());

conformance('postgres', () => postgresFixture(running, 'simple'));
conformance('postgres (extended query)', () => postgresFixture(running, 'extended'));
