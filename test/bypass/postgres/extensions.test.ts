import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { statements } from './corpus.ts';
import { actionsOf, type StatementWorld, startStatementWorld } from './world.ts';

const EXTENSIONS =
  'pgcrypto uuid-ossp citext hstore ltree pg_trgm unaccent fuzzystrmatch btree_gin btree_gist intarray cube ' +
  'tablefunc pg_stat_statements dblink postgres_fdw lo tcn amcheck';

const SCHEMA = `
${EXTENSIONS.split(' ')
  .map((name) => `CREATE EXTENSION "${name}";`)
  .join('\n')}
CREATE TABLE public.users (id uuid DEFAULT public.uuid_generate_v4(), email public.citext, tags public.hstore);
CREATE INDEX ON public.users USING gin (email public.gin_trgm_ops);
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE public.remote (a int) SERVER far;
CREATE TABLE public.images (o public.lo);
CREATE TRIGGER x BEFORE UPDATE ON public.images FOR EACH ROW EXECUTE FUNCTION public.lo_manage(o);
CREATE SCHEMA decoy;
CREATE FUNCTION decoy.crypt(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';
CREATE TABLE public.ddl (line text);
CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ddl VALUES (tg_tag); END';
CREATE EVENT TRIGGER every ON ddl_command_end EXECUTE FUNCTION public.on_ddl();
`;

const computing = statements(`
SELECT crypt('x', gen_salt('bf')) ⇒ call public.crypt, call public.gen_salt
SELECT * FROM users WHERE email = 'x' ORDER BY tags ⇒ select public.users
INSERT INTO users (email) VALUES ('x') ⇒ insert public.users, call public.uuid_generate_v4 via public.users
SELECT similarity('a', 'b'), unaccent('x'), levenshtein('a', 'b') ⇒ call public.similarity, call public.unaccent, call public.levenshtein
SELECT * FROM pg_stat_statements ⇒ select public.pg_stat_statements, call public.pg_stat_statements via public.pg_stat_statements
SELECT * FROM dblink('host=x', 'SELECT 1') AS t(a int) ⇒ foreign_server *, call public.dblink
SELECT * FROM remote ⇒ select public.remote, foreign_server far via public.remote
DELETE FROM remote ⇒ delete public.remote, foreign_server far via public.remote
SELECT * FROM crosstab('SELECT email FROM users') AS t(a int) ⇒ call public.crosstab, select public.users
`);

describe('functions of extensions, and event triggers', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld(undefined, SCHEMA);
  });
  after(() => world.close());

  for (const { sql, does } of computing) {
    test(`knows that nothing more happens in ${sql} [postgres.statement-opaque]`, async () => {
      const meaning = await world.understand(sql);
      assert.equal(meaning.undetermined, null);
      assert.deepEqual(
        actionsOf(meaning),
        does
          .split(',')
          .map((line) => line.trim())
          .toSorted(),
      );
    });
  }

  const untold = [
    ["SELECT decoy.crypt('/etc/passwd')", 'decoy.crypt'],
    ["SELECT bt_index_check('users_email_idx')", 'public.bt_index_check'],
    ['UPDATE images SET o = 1', 'public.lo_manage'],
    ['CREATE TRIGGER y BEFORE INSERT ON users EXECUTE FUNCTION lo_manage(id)', 'public.lo_manage'],
    [
      'CREATE TRIGGER y AFTER INSERT ON users EXECUTE FUNCTION triggered_change_notification()',
      'public.triggered_change_notification',
    ],
  ] as const;
  for (const [sql, name] of untold) {
    test(`goes by the extension, not by the name, in ${sql} [postgres.statement-opaque]`, async () => {
      const meaning = await world.understand(sql);
      assert.notEqual(meaning.undetermined, null);
      const on = meaning.undeterminedOn?.map(({ path }) => path.slice(1).join('.'));
      assert.deepEqual(on, [name]);
    });
  }

  test('counts the functions of event triggers for every definition [postgres.statement-triggers]', async () => {
    for (const sql of [
      'DROP TABLE images',
      'ALTER TABLE users ADD COLUMN x int',
      'CREATE TABLE y (a int)',
      'COMMENT ON TABLE users IS NULL',
    ]) {
      const actions = actionsOf(await world.understand(sql));
      assert.ok(actions.includes('call public.on_ddl via every'), sql);
      assert.ok(actions.includes('insert public.ddl via every+public.on_ddl'), sql);
    }
    assert.deepEqual(actionsOf(await world.understand('SELECT * FROM images')), ['select public.images']);
  });
});
