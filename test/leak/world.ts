/**
 * A database whose classified columns hold canaries, and a gateway whose policy permits to read and write all of it: only
 * masking stands between an agent and the values.
 */
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { query, RawClient } from '../fixtures/raw-postgres.ts';
import { type Canary, CanaryPress } from './canaries.ts';

export interface LeakWorld extends TestGateway {
  readonly canaries: readonly Canary[];
  /** A session of the agent at the gateway. */
  open(): Promise<RawClient>;
  /** One of somebody who may also probe and declassify, so that nothing but the mask is between them and the values. */
  openProber(): Promise<RawClient>;
  /** A session at the server itself, where nothing is masked. */
  openDirect(): Promise<RawClient>;
}

/**
 * What an agent may do, action by action: what is not here, it may not. So an action that is about classified columns
 * alone, such as reveal, is denied without a word.
 */
const POLICIES = `
@id("connect") permit (principal, action in [Action::"connect", Action::"connect_writable"], resource);
@id("session") permit (principal, action in [Action::"transact", Action::"transact_writable", Action::"set", Action::"show", Action::"listen", Action::"notify"], resource);
@id("read") permit (principal, action == Action::"select", resource);
@id("write") permit (principal, action in [Action::"insert", Action::"update", Action::"delete", Action::"lock", Action::"copy_in", Action::"advance"], resource);
@id("define") permit (principal, action in [Action::"create", Action::"alter", Action::"drop", Action::"truncate"], resource);
@id("execute") permit (principal, action in [Action::"call", Action::"run_block"], resource);
@id("maintain") permit (principal, action == Action::"maintain", resource);
@id("probe") permit (principal in Group::"security", action in [Action::"probe", Action::"declassify"], resource);
`;

/** Columns of person that hold canaries, by how their values are made. */
const CLASSIFIED = [
  ...['email', 'phone', 'code', 'account', 'balance', 'born', 'token', 'doc', 'docb', 'tags', 'home'],
  ...['ref', 'mail', 'extra'],
];

const MASKING = `masking:
  detectors: { enabled: [] }
  classified:
${CLASSIFIED.map((column) => `    - { column: public.person.${column}, class: personal }`).join('\n')}
    - { column: public.profile.email, class: personal }
    - { column: public.visit.visitor, class: personal }
    - { column: public.event.secret, class: personal }
    - { column: public.ancestor.secret, class: personal }`;

const TABLES = `
CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements;
CREATE TYPE address AS (street text, town text);
CREATE DOMAIN mail_domain AS text CHECK (length(VALUE) > 5);
CREATE TABLE person (
  id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, phone varchar(40), code char(24), account int8,
  balance numeric, born date, token bytea, doc json, docb jsonb, tags text[], home address, ref uuid UNIQUE,
  mail mail_domain, extra hstore, CONSTRAINT short_phone CHECK (length(phone) < 30));
CREATE INDEX person_lower_email ON person (lower(email));
CREATE INDEX person_phone ON person (phone);
CREATE TABLE visit (id int PRIMARY KEY, visitor text REFERENCES person (email), note text);
CREATE TABLE profile (id int, email text, loud text GENERATED ALWAYS AS (upper(email)) STORED);
CREATE TABLE event (id int, secret text, note text) PARTITION BY RANGE (id);
CREATE TABLE event_low PARTITION OF event FOR VALUES FROM (0) TO (100);
CREATE TABLE ancestor (id int, secret text);
CREATE TABLE heir (more text) INHERITS (ancestor);
CREATE TABLE scratch (id int PRIMARY KEY, note text, data jsonb, bytes bytea, number numeric);
CREATE TABLE checked (id int, note text CHECK (note = 'nothing'), number int CHECK (number < 5));
CREATE TABLE letters (place int);
INSERT INTO letters SELECT generate_series(1, 24);
CREATE SEQUENCE counter;
`;

const VIEWS = `
CREATE VIEW person_view AS SELECT id, name, email AS mail_address, upper(phone) AS shouted, account + 0 AS summed FROM person;
CREATE VIEW person_deep AS SELECT id, mail_address AS addr, lower(shouted) AS quiet, name FROM person_view;
CREATE VIEW person_all AS SELECT * FROM person;
CREATE VIEW person_rows AS SELECT p.id, p AS whole, to_jsonb(p) AS made FROM person p;
CREATE VIEW person_joined AS SELECT v.id, v.note, p.email AS guest FROM visit v JOIN person p ON p.email = v.visitor;
CREATE MATERIALIZED VIEW person_kept AS SELECT id, name, email AS kept, md5(phone) AS digest FROM person;
CREATE FUNCTION email_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM person WHERE id = $1';
CREATE FUNCTION emails() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT email FROM person ORDER BY id';
CREATE FUNCTION people() RETURNS SETOF person LANGUAGE sql STABLE AS 'SELECT * FROM person ORDER BY id';
CREATE FUNCTION spoken(p person) RETURNS text LANGUAGE sql STABLE AS 'SELECT p.email';
CREATE FUNCTION phone_of(wanted int) RETURNS text LANGUAGE plpgsql AS
  'DECLARE found text; BEGIN SELECT phone INTO found FROM person WHERE id = wanted; RETURN found; END';
CREATE FUNCTION complain(wanted int) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'it is %', (SELECT phone FROM person WHERE id = wanted); END $$;
CREATE FUNCTION remark(wanted int) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE 'it is %', (SELECT phone FROM person WHERE id = wanted) USING HINT = (SELECT email FROM person WHERE id = wanted); RETURN 1; END $$;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO scratch (id, note) VALUES (NEW.id + 900, OLD.email); RETURN NEW; END $$;
CREATE TRIGGER noted AFTER UPDATE OF name ON person FOR EACH ROW WHEN (NEW.name = 'noted') EXECUTE FUNCTION noted();
`;

const PEOPLE = ['ada', 'bob', 'cy'];

export async function startLeakWorld(seed: number): Promise<LeakWorld> {
  const press = new CanaryPress(seed);
  const world = await startGateway({
    postgres: {
      initSql: TABLES + VIEWS + rows(press),
      settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.max': '100' },
    },
    policies: { text: POLICIES },
    config: MASKING,
  });
  const openAs = async (subject: string): Promise<RawClient> =>
    (await RawClient.open({ port: world.port, user: 'db', password: await world.token(subject) })).client;
  const { socketDir, port, superuser } = world.server;
  const openDirect = (): Promise<RawClient> => RawClient.trusted(`${socketDir}/.s.PGSQL.${port}`, superuser);
  const other = await planted(openDirect, press);
  return {
    ...world,
    canaries: press.all,
    open: () => openAs('agent'),
    openProber: () => openAs('guard'),
    openDirect,
    async close() {
      other.close();
      await world.close();
    },
  };
}

/** Statements that run often stay among those that are counted. */
const OFTEN = 30;

/** Values in the texts of another session's statements and in a large object, which belong to no column. */
async function planted(openDirect: () => Promise<RawClient>, press: CanaryPress): Promise<RawClient> {
  const other = await openDirect();
  await other.ask(query(`SELECT lo_from_bytea(4700, '${press.make('word', 'large object')}')`));
  // The text of a block is kept as it is, where literals of other statements are taken out.
  const block = query(`DO $$ BEGIN PERFORM '${press.make('word', 'pg_stat_statements')}'; END $$`);
  for (let times = 0; times < OFTEN; times += 1) await other.ask(block);
  await other.ask(query(`SELECT '${press.make('word', 'pg_stat_activity')}'`));
  return other;
}

function rows(press: CanaryPress): string {
  const statements: string[] = [];
  for (const [i, name] of PEOPLE.entries()) {
    const word = (column: string): string => `'${press.make('word', `person.${column} ${name}`)}'`;
    const other = (kind: 'int8' | 'numeric' | 'date' | 'bytea' | 'uuid', column: string): string =>
      `'${press.make(kind, `person.${column} ${name}`)}'`;
    const email = word('email');
    const values = [
      ...[i + 1, `'${name}'`, email, word('phone'), word('code'), other('int8', 'account')],
      ...[other('numeric', 'balance'), other('date', 'born'), other('bytea', 'token')],
      `json_build_object('key', ${word('doc')})`,
      `jsonb_build_object('key', ${word('docb')}, 'list', jsonb_build_array(${word('docb list')}))`,
      `ARRAY[${word('tags')}, ${word('tags 2')}]`,
      `ROW(${word('home street')}, ${word('home town')})::address`,
      ...[other('uuid', 'ref'), word('mail'), `hstore('key', ${word('extra')})`],
    ];
    statements.push(
      `INSERT INTO person VALUES (${values.join(', ')});`,
      `INSERT INTO visit VALUES (${i + 1}, ${email}, 'note ${i}');`,
      `INSERT INTO profile VALUES (${i + 1}, ${email});`,
      `INSERT INTO event VALUES (${i + 1}, '${press.make('word', `event ${i}`)}', 'note');`,
      `INSERT INTO heir VALUES (${i + 1}, '${press.make('word', `heir ${i}`)}', 'more');`,
      `INSERT INTO scratch VALUES (${i + 1}, 'scratch ${i}');`,
    );
  }
  statements.push(
    'REFRESH MATERIALIZED VIEW person_kept;',
    'ANALYZE person, visit, event, heir, scratch, person_kept;',
  );
  return statements.join('\n');
}
