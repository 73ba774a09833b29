/** Deciding in Slack: a local server that speaks Slack's documented API, and requests signed as Slack signs them. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  CHANNEL,
  pressed,
  type SendOptions,
  type SlackServer,
  sendAsSlack,
  signatureOf,
  startSlackServer,
  submitted,
} from '../../../../test/fixtures/slack-server.ts';
import { until } from '../../../../test/fixtures/until.ts';
import { type House, startHouse } from './control-plane.fixture.ts';

let slack: SlackServer;
let house: House;
let agent: string;
const time = { ahead: 0 };
const clock = { now: () => Date.now() + time.ahead, elapsed: () => performance.now() };

/** BOB and BOB2 are bob's, ALICE is alice's; MALLORY has an address that is nobody's here. */
const USERS = [
  { id: 'UBOB', email: 'Bob@example.com' },
  { id: 'UBOB2', email: 'bob@example.com' },
  { id: 'UALICE', email: 'alice@example.com' },
  { id: 'UCAROL', email: 'carol@example.com' },
  { id: 'UDAVE', email: 'dave@example.com' },
  { id: 'UMALLORY', email: 'mallory@example.com' },
  { id: 'UNOBODY' },
  { id: 'UGUEST', email: 'bob@example.com', more: { is_restricted: true } },
  { id: 'UBOT', email: 'bob@example.com', more: { is_bot: true } },
  { id: 'UGONE', email: 'bob@example.com', more: { deleted: true } },
  { id: 'UFAR', email: 'bob@example.com', more: { team_id: 'T0000FAR' } },
];

before(async () => {
  slack = await startSlackServer(USERS);
  house = await startHouse({}, clock, {
    notification: {
      requestUrl: 'https://gate.example/requests/{id}',
      slack: slack.section,
      channels: [{ type: 'slack', name: 'chat', channel: CHANNEL, retryMs: 10, retryMostMs: 20 }],
    },
  });
  agent = await house.provider.token({ subject: 'alice', actor: 'agent-7' });
});
after(async () => {
  await house.close();
  await slack.close();
});
beforeEach(async () => {
  time.ahead = 0;
  await unlinkAll();
  house.revoked.clear();
  house.entries.splice(0);
  slack.responses.splice(0);
  slack.views.splice(0);
});

const send = (payload: Record<string, unknown>, options: SendOptions = {}) =>
  sendAsSlack(house.address, payload, { at: clock.now(), ...options });
/** Where the last press wants its answer: each has its own place, so that nothing of another test is taken for it. */
let place = '';
let presses = 0;
const press = (user: string, action: 'approve' | 'deny', id: string) => {
  presses += 1;
  place = `/hooks/actions/${presses}`;
  return send(pressed(slack, user, `sallyport-${action}`, id, { response_url: `${slack.base}${place}` }));
};

/** What Slack was told to show about the last press, or that one. */
async function told(of = place): Promise<string> {
  const found = await until('an answer', () => slack.responses.find(({ path }) => path === of));
  slack.responses.splice(slack.responses.indexOf(found), 1);
  return JSON.stringify(found.body);
}

async function unlinkAll(): Promise<void> {
  for (const name of ['alice', 'bob', 'carol', 'dave'])
    await house.storage.slackLinks.removeOf(`test|${name}`);
}

async function codeFor(user: string): Promise<string> {
  assert.equal((await press(user, 'approve', 'ar-any')).status, 200);
  const [, code = ''] = /slack link ([0-9a-f]+)/.exec(await told()) ?? [];
  assert.equal(code.length, 32);
  return code;
}

async function link(subject: string, code: string, more: Record<string, unknown> = {}): Promise<Response> {
  const token = await house.provider.token({ subject, ...more });
  return fetch(`${house.address}/v1/integrations/slack/link`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
}

async function linked(user: string, subject: string): Promise<void> {
  assert.equal((await link(subject, await codeFor(user))).status, 200);
}

async function stateOf(id: string): Promise<string> {
  const owner = await house.identity.authenticate(await house.provider.token({ subject: 'alice' }));
  return (await house.approvals.get(id, owner)).state;
}

const decided = () => house.entries.filter(({ type }) => type === 'access-decided');

describe('a message', () => {
  test('says what waits, without the operation, and what became of it [notification.inert, notification.ended, slack.message]', async () => {
    const pending = await house.ask(agent, {
      text: "DELETE FROM orders WHERE note = 'secret-literal'",
      parameters: ['secret-parameter'],
      form: 'DELETE FROM <https://evil.example|orders> <!channel> *x*\u202e\u0007',
      reason: 'see <@U123> and `ls`',
    });
    const [ts, message] = await until('a message', () =>
      [...slack.messages].find(([, one]) => JSON.stringify(one).includes(pending.id)),
    );
    const text = JSON.stringify(message);
    assert.doesNotMatch(text, /secret-literal|secret-parameter|\u202e|\\u0007|mrkdwn/);
    assert.match(text, /"type":"plain_text"/);
    assert.match(text, /sallyport-approve/);
    assert.ok(text.includes(`https://gate.example/requests/${pending.id}`));
    pending.cancel();
    const after = await until('the update', () => {
      const now = JSON.stringify(slack.messages.get(ts));
      return now.includes('cancelled') ? now : false;
    });
    assert.doesNotMatch(after, /sallyport-approve/);
  });
});

describe('a press', () => {
  test('approves as the person who is linked, through the same room, and is on record [slack.decides]', async () => {
    await linked('UBOB', 'bob');
    const linking = house.entries.find(({ facts }) => facts?.attempt === 'link-slack');
    assert.equal(linking?.subject, 'test|bob');
    assert.equal(linking?.facts?.slackUser, 'UBOB');
    const pending = await house.ask(agent);
    assert.equal((await press('UBOB', 'approve', pending.id)).status, 200);
    const ending = await pending.ended;
    assert.equal(ending.state, 'approved');
    const [entry] = decided();
    assert.deepEqual(
      [entry?.facts?.approver, entry?.facts?.channel, entry?.facts?.verdict],
      ['test|bob', 'slack', 'approve'],
    );
    const answer = await told();
    assert.match(answer, /"replace_original":true/);
    assert.match(answer, /approved by Bob/);
    assert.equal(pending.redeem('d'), true);
  });

  test('twice counts once [slack.decides]', async () => {
    await linked('UBOB', 'bob');
    const pending = await house.ask(agent, { requirements: [{ group: 'dba', seats: 2 }] });
    const first = `/hooks/actions/${presses + 1}`;
    const both = await Promise.all([
      press('UBOB', 'approve', pending.id),
      press('UBOB', 'approve', pending.id),
    ]);
    assert.deepEqual(
      both.map(({ status }) => status),
      [200, 200],
    );
    const answers = [await told(first), await told()].sort();
    assert.match(answers.join(), /More are needed/);
    assert.match(answers.join(), /you already did/);
    assert.equal(await stateOf(pending.id), 'pending');
    assert.equal(decided().length, 1);
    pending.cancel();
  });

  test('of two Slack users of one person fills one seat [slack.one-seat]', async () => {
    await linked('UBOB', 'bob');
    await linked('UBOB2', 'bob');
    const pending = await house.ask(agent, { requirements: [{ group: 'dba', seats: 2 }] });
    await press('UBOB', 'approve', pending.id);
    assert.match(await told(), /More are needed/);
    await press('UBOB2', 'approve', pending.id);
    assert.match(await told(), /one person fills one seat/);
    await linked('UCAROL', 'carol');
    await press('UCAROL', 'approve', pending.id);
    assert.equal((await pending.ended).state, 'approved');
  });

  test('of somebody who is not linked decides nothing, and says how to link [slack.unlinked]', async () => {
    const pending = await house.ask(agent);
    assert.equal((await press('UNOBODY', 'approve', pending.id)).status, 200);
    const answer = await told();
    assert.match(answer, /"response_type":"ephemeral"/);
    assert.match(answer, /sallyport slack link [0-9a-f]{32}/);
    assert.equal(await stateOf(pending.id), 'pending');
    assert.deepEqual(decided(), []);
    pending.cancel();
  });

  test('of whoever asked, and of somebody without the group, decides nothing [slack.same-rules]', async () => {
    await linked('UALICE', 'alice');
    await linked('UDAVE', 'dave');
    const pending = await house.ask(agent);
    await press('UALICE', 'approve', pending.id);
    assert.match(await told(), /nobody decides their own/);
    await press('UDAVE', 'approve', pending.id);
    assert.match(await told(), /no such access request/);
    const refused = house.entries.filter(({ type, facts }) => type === 'admin' && facts?.channel === 'slack');
    assert.deepEqual(
      refused.map(({ subject, facts }) => [subject, facts?.refused]),
      [
        ['test|alice', 'not-permitted'],
        ['test|dave', 'not-found'],
      ],
    );
    assert.equal(await stateOf(pending.id), 'pending');
    pending.cancel();
  });

  test('counts only while the link is good: not once it expired, was ended, or the person is revoked [slack.link-ends]', async () => {
    await linked('UBOB', 'bob');
    const pending = await house.ask(agent);
    house.revoked.add('test|bob');
    await press('UBOB', 'approve', pending.id);
    assert.match(await told(), /slack link/);
    house.revoked.clear();
    time.ahead = 720 * 60_000 + 1;
    // The request is over by then as well: what is looked at here is who is asked to link.
    await press('UBOB', 'approve', pending.id);
    assert.match(await told(), /slack link/);
    time.ahead = 0;
    await unlinkAll();
    await linked('UBOB', 'bob');
    const token = await house.provider.token({ subject: 'bob' });
    const unlinked = await fetch(`${house.address}/v1/integrations/slack/unlink`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    assert.ok(((await unlinked.json()) as { removed: number }).removed >= 1);
    await press('UBOB', 'approve', pending.id);
    assert.match(await told(), /slack link/);
    assert.deepEqual(
      decided().filter(({ facts }) => facts?.verdict === 'approve'),
      [],
    );
    pending.cancel();
  });

  test('approves nothing that needs a passkey, and leads to where it can be [slack.step-up]', async () => {
    await linked('UBOB', 'bob');
    const pending = await house.ask(agent, {
      requirements: [{ group: 'dba', seats: 1, stepUp: 'webauthn' }],
    });
    const message = await until('a message', () =>
      [...slack.messages.values()].find((one) => JSON.stringify(one).includes(pending.id)),
    );
    assert.doesNotMatch(JSON.stringify(message), /sallyport-approve/);
    await press('UBOB', 'approve', pending.id);
    assert.ok((await told()).includes(`https://gate.example/requests/${pending.id}`));
    assert.equal(await stateOf(pending.id), 'pending');
    pending.cancel();
  });

  test('of a link is heard, and does nothing [slack.decides]', async () => {
    const more = { actions: [{ type: 'button', action_id: 'sallyport-look', action_ts: '1.0' }] };
    assert.equal((await send(pressed(slack, 'UBOB', 'x', 'x', more))).status, 200);
    assert.deepEqual(slack.responses, []);
  });
});

describe('a denial', () => {
  test('asks why in a window, and is told with that [slack.deny]', async () => {
    await linked('UBOB', 'bob');
    const pending = await house.ask(agent);
    assert.equal((await press('UBOB', 'deny', pending.id)).status, 200);
    const view = await until('a window', () => slack.views.shift());
    assert.equal(await stateOf(pending.id), 'pending');
    const empty = await send(submitted('UBOB', view, null));
    assert.match(await empty.text(), /"response_action":"errors".*say why/);
    const answer = await send(submitted('UBOB', view, 'not\u0007now'));
    assert.deepEqual(await answer.json(), { response_action: 'clear' });
    const ending = await pending.ended;
    assert.deepEqual(ending, { state: 'denied', reason: 'not now', by: 'Bob' });
    assert.equal(decided().at(-1)?.facts?.channel, 'slack');
    assert.match(await told(), /denied by Bob: not now/);
  });

  test('by somebody not linked, or for what is not theirs, is refused in the window [slack.deny, slack.same-rules]', async () => {
    await linked('UBOB', 'bob');
    await linked('UALICE', 'alice');
    const pending = await house.ask(agent);
    await press('UBOB', 'deny', pending.id);
    const view = await until('a window', () => slack.views.shift());
    assert.match(await (await send(submitted('UNOBODY', view, 'x'))).text(), /errors.*slack link/);
    assert.match(
      await (await send(submitted('UALICE', view, 'x'))).text(),
      /errors.*nobody decides their own/,
    );
    assert.equal(await stateOf(pending.id), 'pending');
    slack.state.viewError = 'trigger_expired';
    await press('UBOB', 'deny', pending.id);
    assert.match(await told(), /sallyport deny/);
    slack.state.viewError = '';
    pending.cancel();
  });
});

describe('a link', () => {
  test('takes the code of that Slack user, once, in time, by who they are [slack.link]', async () => {
    const cases: [string, string][] = [
      ['UMALLORY', 'bob'],
      ['UBOB', 'carol'],
      ['UNOBODY', 'bob'],
      ['UGUEST', 'bob'],
      ['UBOT', 'bob'],
      ['UGONE', 'bob'],
      ['UFAR', 'bob'],
    ];
    for (const [user, subject] of cases) {
      const code = await codeFor(user);
      assert.equal((await link(subject, code)).status, 403, user);
      // It was in other hands: it is used up.
      assert.equal((await link('bob', code)).status, 404, user);
    }
    const code = await codeFor('UCAROL');
    assert.equal((await link('carol', code)).status, 200);
    assert.equal((await link('carol', code)).status, 404, 'used');
    assert.equal((await link('bob', 'ab'.repeat(16))).status, 404, 'guessed');
    await house.storage.slackLinks.removeOf('test|carol');
    const [older, newer] = [await codeFor('UCAROL'), await codeFor('UCAROL')];
    assert.equal((await link('carol', older)).status, 404, 'replaced');
    time.ahead = 600_001;
    assert.equal((await link('carol', newer)).status, 404, 'too old');
  });

  test('is never an agent’s or a machine’s [slack.link]', async () => {
    await house.storage.slackLinks.removeOf('test|bob');
    const code = await codeFor('UBOB');
    assert.equal((await link('bob', code, { actor: 'agent-9' })).status, 403);
    assert.equal((await link('collector', code)).status, 403);
    assert.equal((await link('bob', code)).status, 200, 'refused before the code was looked at');
  });

  test('counts only once it is in the log [slack.link]', async () => {
    await house.storage.slackLinks.removeOf('test|bob');
    const code = await codeFor('UBOB');
    house.log.isFull = true;
    assert.equal((await link('bob', code)).status, 503);
    house.log.isFull = false;
    assert.equal(await house.storage.slackLinks.find('T0000TEST', 'UBOB'), null);
  });
});

describe('a request that is not Slack’s', () => {
  const refusals = () => house.entries.filter(({ type }) => type === 'authentication-failed');

  test('is refused: unsigned, wrongly signed, altered, old, from the future or sent again [slack.signature]', async () => {
    await linked('UBOB', 'bob');
    const pending = await house.ask(agent);
    house.entries.splice(0);
    const payload = pressed(slack, 'UBOB', 'sallyport-approve', pending.id);
    const other = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const now = clock.now();
    const cases: Record<string, SendOptions> = {
      'another secret': { secret: 'f'.repeat(32) },
      unsigned: { headers: { 'x-slack-signature': '' } },
      'not a signature': { headers: { 'x-slack-signature': 'v0=zz' } },
      'another version': { headers: { 'x-slack-signature': `v1=${'0'.repeat(64)}` } },
      'no time': { headers: { 'x-slack-request-timestamp': '' } },
      'another time': { headers: { 'x-slack-request-timestamp': String(Math.floor(now / 1_000) - 1) } },
      'time that is none': { headers: { 'x-slack-request-timestamp': '1e9' } },
      'too old': { at: now - 301_000 },
      'from the future': { at: now + 302_000 },
      'another body': { body: other },
    };
    for (const [what, options] of Object.entries(cases))
      assert.equal((await send(payload, options)).status, 401, what);
    assert.equal(refusals().length, Object.keys(cases).length);
    assert.equal(await stateOf(pending.id), 'pending');

    const signed = signatureOf(other, { at: now });
    const once = () =>
      fetch(`${house.address}/v1/integrations/slack/actions`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...signed },
        body: other,
      });
    const two = await Promise.all([once(), once()]);
    assert.deepEqual(
      two.map(({ status }) => status).sort((a, b) => a - b),
      [200, 401],
    );
    assert.equal((await once()).status, 401);
    assert.equal(decided().length, 1);
  });

  test('is refused when it is of another workspace, another app, another thing, or leads elsewhere [slack.foreign, slack.response-url]', async () => {
    await linked('UBOB', 'bob');
    const pending = await house.ask(agent);
    const of = (more: object) => pressed(slack, 'UBOB', 'sallyport-approve', pending.id, { ...more });
    const elsewhere = [
      'https://hooks.slack.com.evil.example/x',
      'https://evil.example/hooks/',
      `${slack.base}/elsewhere/1`,
      `${slack.base}/hooks/../elsewhere/1`,
      `${slack.base.replace('http://', 'http://evil@')}/hooks/1`,
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      'not a url',
    ];
    const payloads = [
      of({ team: { id: 'T0000FAR' } }),
      of({ api_app_id: 'A0000FAR' }),
      of({ user: { id: 'UBOB', team_id: 'T0000FAR' } }),
      of({ user: { id: 'UBOB' } }),
      of({ type: 'message_action' }),
      of({ actions: [] }),
      of({ actions: [of({}).actions as never, of({}).actions as never].flat() }),
      of({ actions: [{ action_id: 'other', value: pending.id }] }),
      of({ actions: [{ action_id: 'sallyport-approve', value: '../x' }] }),
      ...elsewhere.map((response_url) => of({ response_url })),
    ];
    for (const payload of payloads) assert.equal((await send(payload)).status, 403, JSON.stringify(payload));
    assert.equal(refusals().length, payloads.length);
    assert.equal(await stateOf(pending.id), 'pending');
    assert.deepEqual(slack.responses, []);
    pending.cancel();
  });

  test('is refused when it is large, no form, two payloads, or not JSON [slack.foreign]', async () => {
    const raw = (body: string, contentType = 'application/x-www-form-urlencoded') =>
      fetch(`${house.address}/v1/integrations/slack/actions`, {
        method: 'POST',
        headers: { 'content-type': contentType, ...signatureOf(body, { at: clock.now() }) },
        body,
      });
    assert.equal((await raw(`payload=${'x'.repeat(70_000)}`)).status, 413);
    assert.equal((await raw('{"payload":"x"}', 'application/json')).status, 415);
    assert.equal((await raw('payload=%7B%7D&payload=%7B%7D')).status, 403);
    assert.equal((await raw('payload=nonsense')).status, 403);
    assert.equal((await raw(`payload=${encodeURIComponent('['.repeat(20_000))}`)).status, 403);
    assert.equal((await raw('')).status, 403);
  });

  test('is told of in no more entries than tokens that are rejected [slack.rate]', async () => {
    const strict = await startHouse({ failedLoginsPerMinute: 3 }, clock, {
      notification: { slack: slack.section },
    });
    try {
      const statuses: number[] = [];
      for (let round = 0; round < 6; round += 1)
        statuses.push((await sendAsSlack(strict.address, {}, { secret: 'f'.repeat(32) })).status);
      assert.deepEqual(statuses, [401, 401, 401, 429, 429, 429]);
      assert.equal(strict.entries.filter(({ type }) => type === 'authentication-failed').length, 3);
    } finally {
      await strict.close();
    }
  });

  test('finds no door where Slack is not configured [slack.foreign]', async () => {
    const plain = await startHouse();
    try {
      assert.equal((await sendAsSlack(plain.address, {})).status, 404);
    } finally {
      await plain.close();
    }
  });
});
