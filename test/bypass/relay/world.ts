/** A gateway that has something to hide: rows no policy permits, and a column that is masked. */
import assert from 'node:assert/strict';
import { startGateway, type TestGateway } from '../../fixtures/gateway.ts';
import { RawClient } from '../../fixtures/raw-postgres.ts';

/** Must never reach the client. */
export const FORBIDDEN_ROW = 'row-of-a-forbidden-table';
export const MASKED_VALUE = 'value-of-a-masked-column';

const POLICIES = `
@id("connect") permit (principal, action in [Action::"connect", Action::"connect_writable"], resource);
@id("basics") permit (principal, action in [Action::"transact", Action::"set", Action::"show", Action::"listen", Action::"notify"], resource);
@id("built-in") permit (principal, action == Action::"call", resource) when { resource.schema == "pg_catalog" };
@id("read-open") permit (principal, action == Action::"select", resource) when { resource.schema == "open" };
@id("write-scratch") permit (principal, action in [Action::"select", Action::"insert", Action::"update", Action::"delete", Action::"copy_in"], resource) when { resource.schema == "scratch" };
@id("make-temporary") permit (principal, action in [Action::"select", Action::"insert", Action::"create", Action::"drop"], resource is Table) when { resource.schema == "pg_temp" };
@id("delete-asks") @approval("approvers") permit (principal, action == Action::"delete", resource) when { resource.schema == "open" };
`;

const SETUP = `
create schema open; create schema closed; create schema scratch;
create table open.thing (id int primary key, note text); insert into open.thing values (1, 'first'), (2, 'second');
create table closed.thing (id int primary key, note text); insert into closed.thing values (1, '${FORBIDDEN_ROW}');
create table open.person (id int primary key, name text, code text);
insert into open.person values (1, 'ada', '${MASKED_VALUE}'), (2, 'bob', '${MASKED_VALUE}');
create table scratch.note (id int, note text);
create table scratch.late (note text unique deferrable initially deferred);
create table scratch.mine (id int primary key, note text);
`;

export interface HidingWorld extends TestGateway {
  /** A fresh session of the agent. */
  open(): Promise<RawClient>;
  /** Fails when anything hidden is among what the client got, in any session since the start. */
  assertNothingLeaked(client: RawClient): void;
  /** Fails when the server ran a text with this in it; the server logs every statement. */
  assertNeverRan(marker: string): void;
}

export async function startHidingWorld(): Promise<HidingWorld> {
  const world = await startGateway({
    postgres: { initSql: SETUP, settings: { log_statement: 'all', log_min_messages: 'log' } },
    policies: { text: POLICIES },
    config: 'masking: { classified: [{ column: open.person.code, class: code }] }',
  });
  const password = await world.token('agent');
  return {
    ...world,
    async open() {
      return (await RawClient.open({ port: world.port, user: 'db', password })).client;
    },
    assertNothingLeaked({ received }) {
      const text = received.toString('latin1');
      assert.ok(!text.includes(FORBIDDEN_ROW), 'a forbidden row was delivered');
      assert.ok(!text.includes(MASKED_VALUE), 'a masked value was delivered');
    },
    assertNeverRan(marker) {
      const ran = world.server
        .log()
        .split('\n')
        .filter((line) => /(?:statement|execute [^:]*): /.test(line) && line.includes(marker));
      assert.deepEqual(ran, []);
    },
  };
}
