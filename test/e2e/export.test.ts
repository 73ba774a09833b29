/** Recordings of hostile rows and hostile answers, replayed and exported through the command. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createGateway, type Gateway, loadConfig } from '@sallyport/gateway';
import pg from 'pg';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { type Surroundings, startSurroundings } from '../fixtures/gateway.ts';

/** What a table holds, or an API answers, to act on whoever looks at the record. */
const HOSTILE = [
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-2+3',
  '@SUM(1)',
  '\t=1+1',
  '\r=1+1',
  '  =1+1',
  '\uff1d1+1',
  'a"\r\n"=1+1',
  '\u001b]0;owned\u0007\u001b[2J\u001b[31m',
  '\u009b31m',
  '</script><script>alert(1)</script><img src=x onerror=alert(1)>',
  'user\u202egpj.exe',
  '\u2066\u200b\ufeff\u2028\u2029',
];

let world: Surroundings;
let gateway: Gateway;
let sql = '';
let http = '';
const api = createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.setHeader('x-odd', '<b>=1+1</b>');
    response.end(HOSTILE.join('\n'));
  });
});

before(async () => {
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  world = await startSurroundings({ policies: { directory: 'test/fixtures/policies/allow-all' } });
  const config = readFileSync(world.configFile, 'utf8')
    .replace('listeners:\n', 'listeners:\n  - { protocol: http, listen: "127.0.0.1:0" }\n')
    .replace(
      'targets:\n',
      `targets:\n  - { name: api, protocol: http, url: "http://127.0.0.1:${(api.address() as AddressInfo).port}" }\n`,
    );
  writeFileSync(world.configFile, config);
  gateway = await createGateway(loadConfig(world.configFile), { report: () => undefined });
  for (const subject of ['auditor', 'agent'])
    writeFileSync(join(world.directory, subject), await world.token(subject), { mode: 0o600 });
  sql = await sqlSession();
  http = await httpSession();
});
after(async () => {
  await gateway.close();
  await world.close();
  api.close();
});

const as = (subject: string) => [
  '--url',
  gateway.controlPlane,
  '--token-file',
  join(world.directory, subject),
];
const sallyport = async (...args: string[]) => {
  const ran = await run([...args, ...as('auditor')]);
  assert.equal(ran.code, 0, ran.err);
  return ran.out;
};
const portOf = (protocol: string): number =>
  gateway.listeners.find((one) => one.protocol === protocol)?.port ?? 0;

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: portOf('postgres'),
    user: 'db',
    database: 'postgres',
    password: await world.token('agent'),
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** The newest session of this protocol, once it is over. */
async function newest(protocol: string, open = false): Promise<string> {
  for (;;) {
    const sessions = JSON.parse((await sallyport('sessions', '--json')) || '[]') as {
      id: string;
      protocol: string;
      endedAt: string | null;
    }[];
    const found = sessions.find((one) => one.protocol === protocol);
    const ended = auditEntries(world).some(
      ({ type, sessionId }) => type === 'session-ended' && sessionId === found?.id,
    );
    if (found !== undefined && ended !== open) return found.id;
  }
}

async function sqlSession(): Promise<string> {
  const client = await connect();
  await client.query('select * from (values (1, null), (2, $1::text), (3, $2)) t (n, "=HEAD<b>")', [
    '',
    'plain',
  ]);
  for (const text of HOSTILE) await client.query('select $1::text as cell', [text]);
  await client.query("select '=literal\u001b[1m' as written -- \u202e\n, 1 as one");
  await client.query("select repeat('needle-in-reply ', 2) as found");
  await client.end();
  return newest('postgres');
}

async function httpSession(): Promise<string> {
  const headers = { authorization: `Bearer ${await world.token('agent')}`, connection: 'close' };
  const base = `http://127.0.0.1:${portOf('http')}/api`;
  const body = JSON.stringify({ hostile: HOSTILE });
  const posted = await fetch(`${base}/items?name=%3Cb%3E&x==1`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  });
  await posted.text();
  return newest('http');
}

const OWN_COLOURS = new RegExp(`${'\u001b'}\\[\\d{1,2}m`, 'g');

/** No file may hold any of these as they are; `lines` may be broken. */
function assertInert(text: string): void {
  assert.doesNotMatch(
    text.replaceAll(/\r?(?:\n|$)/g, ' ').replaceAll('\t', ' '),
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u,
  );
}

/** RFC 4180, read by hand: rows of cells, null for a cell with no quotes. */
function readCsv(text: string): (string | null)[][] {
  return text
    .split('\r\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')
    .map((line) => {
      assert.match(line, /^(?:(?:"(?:[^"]|"")*")?(?:,|$))+$/, line);
      return [...`${line},`.matchAll(/(?:"((?:[^"]|"")*)")?,/g)].map(([, cell]) =>
        cell === undefined ? null : cell.replaceAll('""', '"'),
      );
    });
}

test('exports statements as NDJSON whose readers get every value back [cli.export, cli.export-inert]', async () => {
  const out = await sallyport('recordings', 'export', sql, '--format', 'ndjson');
  assertInert(out);
  assert.doesNotMatch(out, /[<>&]/);
  const lines = out.split('\n').map((line) => JSON.parse(line));
  assert.equal(lines[0].kind, 'session');
  const cells = lines.flatMap(({ reply }) =>
    (reply ?? []).flatMap((line: { values?: string[] }) => line.values ?? []),
  );
  for (const text of HOSTILE) assert.ok(cells.includes(text), JSON.stringify(text));
  assert.equal(lines.at(-1).kind, 'end');
});

test('exports statements as CSV in which no cell is a formula [cli.export, cli.export-inert]', async () => {
  const out = await sallyport('recordings', 'export', sql, '--format', 'csv');
  assertInert(out);
  const [columns, ...rows] = readCsv(out);
  assert.deepEqual(columns?.slice(0, 5), ['time', 'number', 'effect', 'text', 'parameters']);
  assert.equal(rows.length, HOSTILE.length + 3);
  for (const cell of rows.flat()) assert.doesNotMatch(cell ?? '', /^\s*[=+\-@\uff1d]/);
  for (const [index, text] of HOSTILE.entries()) {
    const cells = readCsv(
      await sallyport('recordings', 'export', sql, '--format', 'csv', '--operation', String(index + 2)),
    );
    assert.deepEqual(cells[0], ['cell']);
    const shown = cells[1]?.[0] ?? '';
    assert.doesNotMatch(shown, /^\s*[=+\-@\uff1d]/, JSON.stringify(text));
    if (/^[\s]*[=+\-@\uff1d]/.test(text)) assert.ok(shown.startsWith("'"), JSON.stringify(shown));
  }
  const first = readCsv(await sallyport('recordings', 'export', sql, '--format', 'csv', '--operation', '1'));
  assert.deepEqual(first, [
    ['n', "'=HEAD<b>"],
    ['1', null],
    ['2', ''],
    ['3', 'plain'],
  ]);
  const missing = await run([
    ...['recordings', 'export', sql, '--format', 'csv', '--operation', '999'],
    ...as('auditor'),
  ]);
  assert.equal(missing.code, 2);
});

test('exports any session as a terminal that does only what Sallyport wrote [cli.export, cli.export-inert]', async () => {
  for (const id of [sql, http]) {
    const out = await sallyport('recordings', 'export', id, '--format', 'asciicast');
    assertInert(out);
    const [head, ...events] = out.split('\n').map((line) => JSON.parse(line));
    assert.deepEqual([head.version, head.term.cols], [3, 120]);
    for (const [interval, code, data] of events) {
      assert.ok(interval >= 0 && ['o', 'm', 'x'].includes(code));
      // Colours of our own, and the ends of lines.
      assertInert(String(data).replaceAll(OWN_COLOURS, ''));
    }
    const screen = events.map(([, , data]) => data).join('');
    assert.match(screen, id === sql ? /\u241b\]0;owned\u2407\u241b\[2J/ : /POST \/items/);
    assert.equal(events.at(-1)[1], 'x');
  }
});

test('exports requests as an HTTP Archive [cli.export, cli.export-inert]', async () => {
  const file = join(world.directory, 'session.har');
  await sallyport('recordings', 'export', http, '--format', 'har', '--output', file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const out = readFileSync(file, 'utf8');
  assertInert(out);
  assert.doesNotMatch(out, /[<>&]/);
  const { log } = JSON.parse(out);
  assert.deepEqual([log.version, log.creator.name], ['1.2', 'sallyport']);
  assert.equal(log.entries.length, 1);
  const posted = log.entries.at(-1);
  assert.deepEqual(posted.request.queryString, [
    { name: 'name', value: '<b>' },
    { name: 'x', value: '=1' },
  ]);
  assert.equal(posted.request.method, 'POST');
  assert.deepEqual(JSON.parse(posted.request.postData.text), { hostile: HOSTILE });
  assert.deepEqual([posted.response.status, posted.response.statusText], [200, 'OK']);
  assert.equal(posted.response.content.mimeType, 'text/plain; charset=utf-8');
  assert.match(posted.response.content.text, /<script>alert\(1\)<\/script>/);
  assert.ok(posted.response.headers.some(({ name }: { name: string }) => name === 'x-odd'));
  for (const entry of log.entries) {
    assert.ok(Date.parse(entry.startedDateTime) > 0 && entry.time >= 0);
    assert.match(entry.request.url, /^http:\/\/api\//);
    assert.equal(entry.timings.send + entry.timings.wait + entry.timings.receive, entry.time);
  }
  const again = await run([
    ...['recordings', 'export', http, '--format', 'har', '-o', file],
    ...as('auditor'),
  ]);
  assert.match(`${again.code} ${again.err}`, /^1 .*EEXIST/);
  const wrong = await run(['recordings', 'export', sql, '--format', 'har', ...as('auditor')]);
  assert.match(`${wrong.code} ${wrong.err}`, /^2 .*postgres/);
});

test('shows hostile rows as marks when it plays them, as text and as JSON [cli.inert]', async () => {
  assertInert(await sallyport('replay', sql, '--instant'));
  assertInert(await sallyport('replay', sql, '--json'));
  assertInert(await sallyport('replay', http, '--instant'));
});

test('plays from a time on, and what holds a text in any case [cli.replay-part]', async () => {
  const kindsOf = (out: string) => out.split('\n').map((line) => (JSON.parse(line) as { kind: string }).kind);
  const found = await sallyport('replay', sql, '--search', 'NEEDLE-in-reply needle', '--json');
  assert.deepEqual(kindsOf(found), ['header', 'operation', 'reply', 'result', 'end']);
  assert.deepEqual(kindsOf(await sallyport('replay', sql, '--search', 'nowhere in it', '--json')), [
    'header',
    'end',
  ]);
  assert.deepEqual(kindsOf(await sallyport('replay', sql, '--seek', '99:00', '--json')), ['header']);
  const all = await sallyport('replay', sql, '--seek', '0s', '--json');
  assert.equal(kindsOf(all).filter((kind) => kind === 'operation').length, HOSTILE.length + 3);
  assert.equal((await run(['replay', sql, '--seek', 'soon', ...as('auditor')])).code, 2);
});

test('follows an open session to its end [cli.replay-part]', async () => {
  const client = await connect();
  await client.query('select 1 as before_it');
  const id = await newest('postgres', true);
  const following = sallyport('replay', id, '--follow', '--json');
  const watched = () =>
    auditEntries(world).some(
      ({ sessionId, facts }) =>
        sessionId === id && (facts as { attempt?: string } | undefined)?.attempt === 'follow-recording',
    );
  while (!watched()) await new Promise((resolve) => setTimeout(resolve, 10));
  await client.query('select 1 as while_it');
  await client.end();
  const out = await following;
  assert.match(out, /before_it[\s\S]*while_it[\s\S]*"kind":"end"/);
});

test('is held and released by auditors, with who and why in the log [cli.hold]', async () => {
  const refused = await run(['recordings', 'hold', sql, '--reason', 'x', ...as('agent')]);
  assert.equal(refused.code, 3);
  assert.match(await sallyport('recordings', 'hold', sql, '--reason', 'case 7\u202e'), /^held/);
  assert.match(await sallyport('recordings', 'release', sql), /^released/);
  const said = auditEntries(world).filter(
    ({ type }) => type === 'recording-held' || type === 'recording-released',
  );
  assert.deepEqual(
    said.map(({ type, sessionId, reason }) => [type, sessionId, reason]),
    [
      ['recording-held', sql, 'case 7'],
      ['recording-released', sql, ''],
    ],
  );
});
