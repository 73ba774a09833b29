/** Attacks on the starter policies: judged over a real catalog, and tried through a real gateway. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startGateway, type TestGateway } from '../../fixtures/gateway.ts';
import { type PostgresServer, startPostgres } from '../../fixtures/postgres-server.ts';
import { fieldsOf, query, RawClient, type RawMessage } from '../../fixtures/raw-postgres.ts';
import { type Court, callerOf, type Judged, openCourt } from '../../oracle/judged.ts';
import { attacks, LET_THROUGH } from './attacks.ts';
import { ATTACKED_SCHEMA } from './attacks-world.ts';

const AGENT = callerOf(['agents'], false);

describe('an agent under the starter policies', () => {
  let server: PostgresServer;
  let court: Court;
  before(async () => {
    server = await startPostgres({ auth: 'trust' });
    await server.query('CREATE DATABASE shop');
    await server.query(ATTACKED_SCHEMA, 'shop');
    court = await openCourt(server, 'shop', { directory: 'policies/starter' });
  });
  after(async () => {
    await court.close();
    await server.stop();
  });

  test('is stopped in every one of them, for the reason it should be [oracle.attacks]', async () => {
    const wrong: string[] = [];
    for (const { texts, stopped } of attacks) {
      const judge = court.session(AGENT);
      let by = 'nothing';
      for (const text of texts) {
        const judged = await judge(text);
        if (judged.outcome === 'permit') continue;
        by = stopper(judged);
        break;
      }
      if (by !== stopped) wrong.push(`${texts.join(' >> ')}: stopped by ${by}, not by ${stopped}`);
    }
    assert.deepEqual(wrong, []);
  });

  test('gets through with what is written down as let through, and why [oracle.attacks]', async () => {
    for (const [text] of LET_THROUGH) {
      assert.equal((await court.session(AGENT)(text)).outcome, 'permit', text);
    }
  });

  test('is attacked in at least 500 ways [oracle.attacks]', () => {
    const distinct = new Set(attacks.map(({ texts }) => texts.join('\n')));
    assert.equal(distinct.size, attacks.length, 'an attack is listed twice');
    assert.ok(distinct.size >= 500, `${distinct.size}`);
  });
});

function stopper({ outcome, policies, meaning }: Judged): string {
  if (outcome === 'hold') return 'hold';
  return policies[0] ?? (meaning.undetermined === null ? 'none' : 'untold');
}

describe('an agent at a real gateway', () => {
  let gateway: TestGateway;
  before(async () => {
    gateway = await startGateway({
      postgres: { initSql: ATTACKED_SCHEMA },
      config: 'approval: { expiry_seconds: 1 }',
    });
  });
  after(() => gateway.close());

  /** A hold would last a second each, so what people are asked about is left to the judge above. */
  const quick = attacks.filter(({ stopped }) => stopped !== 'hold');

  async function open(): Promise<RawClient> {
    const login = { port: gateway.port, user: 'db', password: await gateway.token('agent') };
    return (await RawClient.open(login)).client;
  }

  test('never sees a word of the vault, and changes nothing [oracle.attacks]', async () => {
    // A text that is refused leaves its session as it was, so the next can use it; several texts get one of their own.
    let shared = await open();
    for (const { texts } of quick) {
      if (shared.closed) shared = await open();
      const client = texts.length === 1 ? shared : await open();
      try {
        for (const text of texts) assert.doesNotMatch(await ask(client, text), /planted/, texts.join(' >> '));
      } catch (fault) {
        // A text that is no text of the protocol ends the session.
        assert.match(String(fault), /closed/, texts.join(' >> '));
      }
      if (client !== shared) client.close();
    }
    shared.close();
    assert.deepEqual(await gateway.server.query('TABLE vault.entries'), [{ id: 1, word: 'planted' }]);
    assert.deepEqual(await gateway.server.query('SELECT count(*)::int FROM monitoring.checks'), [
      { count: 2 },
    ]);
  });
});

async function ask(client: RawClient, text: string): Promise<string> {
  return (await client.ask(query(text))).map(shown).join('\n');
}

function shown(message: RawMessage): string {
  const fields = message.type === 'E' || message.type === 'N';
  return fields ? Object.values(fieldsOf(message)).join(' ') : message.body.toString('latin1');
}
