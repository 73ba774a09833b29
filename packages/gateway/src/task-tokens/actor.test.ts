import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Identity, PLAIN_TOKEN } from '../identity/index.ts';
import { actorOf } from './actor.ts';

const alice: Identity = {
  ...PLAIN_TOKEN,
  ...{ subject: 'main|alice', displayName: 'Alice', groups: [], actor: null, task: null, kind: 'person' },
  ...{ expiresAt: 9, aliases: ['main|alice', 'alice@example.com', 'client:main|cli'] },
};
const bot: Identity = {
  ...PLAIN_TOKEN,
  ...{ subject: 'main|bot', displayName: 'bot', groups: [], actor: null, task: null, kind: 'machine' },
  ...{ expiresAt: 9, aliases: ['main|bot', 'bot', 'client:main|bot'] },
};

test('the application that a person signed in with is no name of their task token, an agent’s is [task-tokens.colleagues]', () => {
  assert.deepEqual(actorOf(alice, null), { actor: null, aliases: ['main|alice', 'alice@example.com'] });
  assert.deepEqual(actorOf(alice, bot), {
    actor: 'bot',
    aliases: ['main|alice', 'alice@example.com', 'main|bot', 'bot', 'client:main|bot'],
  });
  const throughBot: Identity = {
    ...alice,
    actor: 'bot',
    aliases: [...alice.aliases, 'bot', 'client:main|bot'],
  };
  assert.deepEqual(actorOf(throughBot, null).aliases, throughBot.aliases);
  assert.deepEqual(actorOf(bot, null).aliases, bot.aliases);
});
