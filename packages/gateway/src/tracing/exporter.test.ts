import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { createCertificateAuthority } from '../../../../test/fixtures/certificates.ts';
import { eventually } from '../../../../test/fixtures/raw-postgres.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../../../../test/fixtures/receivers.ts';
import { spansOf } from '../../../../test/fixtures/traces.ts';
import { otlpPoster } from '../export/index.ts';
import { Exporter } from './exporter.ts';
import { tracingSection } from './section.ts';
import type { Span } from './span.ts';

const authority = createCertificateAuthority();
after(() => authority.remove());

async function desk(t: { after(done: () => unknown): void }, more: Record<string, unknown> = {}) {
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  receiver.answer = (_post, response) => void response.writeHead(200).end('{}');
  const { url } = receiver;
  const config = tracingSection.parse({ url, caFile: authority.caFile, intervalMs: 10, ...more });
  const lost = { count: 0 };
  const faults: unknown[] = [];
  const exporter = new Exporter(config, {
    poster: otlpPoster({ ...config, url }, 'rejectedSpans'),
    draw: () => 0.5,
    dropped: (count) => {
      lost.count += count;
    },
    report: (fault) => void faults.push(fault),
  });
  return { receiver, exporter, lost, faults };
}

function trace(count: number): Span[] {
  return Array.from({ length: count }, () => ({
    traceId: 'a'.repeat(32),
    spanId: randomBytes(8).toString('hex'),
    parentSpanId: '',
    name: 'operation',
    start: 1_700_000_000_000.25,
    end: 1_700_000_000_001,
    attributes: { text: 'a', list: ['b', 'c'], count: 3, is: true },
    failure: 'forbidden',
  }));
}

const all = (what: string, receiver: HttpsReceiver, count: number) =>
  eventually(what, async () => (spansOf(receiver).length >= count ? true : undefined));

test('spans are what OTLP has as JSON, sent in batches [tracing.otlp]', async (t) => {
  const { receiver, exporter, lost } = await desk(t, { batchSpans: 4, intervalMs: 600_000 });
  exporter.add(trace(3), true);
  exporter.add(trace(3), true);
  await all('the first batch, long before its time', receiver, 4);
  await exporter.close();
  assert.deepEqual([spansOf(receiver).length, receiver.posts.length, lost.count], [6, 2, 0]);
  exporter.add(trace(2), true);
  assert.equal(lost.count, 2);
  const { resourceSpans } = JSON.parse(receiver.posts[0]?.body ?? '');
  assert.deepEqual(resourceSpans[0].resource, {
    attributes: [{ key: 'service.name', value: { stringValue: 'sallyport' } }],
  });
  assert.deepEqual(resourceSpans[0].scopeSpans[0].spans[0], {
    traceId: 'a'.repeat(32),
    spanId: resourceSpans[0].scopeSpans[0].spans[0].spanId,
    name: 'operation',
    kind: 2,
    startTimeUnixNano: '1700000000000250000',
    endTimeUnixNano: '1700000000001000000',
    attributes: [
      { key: 'text', value: { stringValue: 'a' } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'b' }, { stringValue: 'c' }] } } },
      { key: 'count', value: { intValue: '3' } },
      { key: 'is', value: { boolValue: true } },
    ],
    status: { code: 2, message: 'forbidden' },
  });
});

test('what does not fit is dropped as a whole, and denials leave half to the rest [tracing.never-waits, tracing.otlp]', async (t) => {
  const { exporter, lost } = await desk(t, { queueSpans: 16, intervalMs: 600_000 });
  for (let n = 0; n < 1_000; n += 1) exporter.add(trace(3), false);
  assert.equal(lost.count, 998 * 3);
  for (let n = 0; n < 4; n += 1) exporter.add(trace(3), true);
  assert.equal(lost.count, 998 * 3 + 3);
  await exporter.close();
  assert.equal(lost.count, 998 * 3 + 3);
});

test('a collector that is away is sent the same again, one that refuses is not [tracing.never-waits]', async (t) => {
  const { receiver, exporter, lost, faults } = await desk(t);
  let status = 503;
  receiver.answer = (_post, response) => void response.writeHead(status).end('{}');
  exporter.add(trace(2), true);
  await all('a second attempt', receiver, 4);
  const [first, second] = receiver.posts;
  assert.equal(first?.body, second?.body);
  assert.deepEqual([lost.count, faults.length], [0, 1]);
  status = 400;
  await eventually('the batch that is refused', async () => (lost.count === 2 ? true : undefined));
  status = 200;
  exporter.add(trace(3), true);
  await eventually('what came later', async () =>
    receiver.posts.at(-1)?.body !== first?.body ? true : undefined,
  );
  await exporter.close();
  assert.deepEqual([lost.count, faults.length], [2, 1]);
});

test('answers that lie, are endless or never come cost no more than what was sent [tracing.never-waits]', async (t) => {
  const { receiver, exporter, lost, faults } = await desk(t);
  const answers = ['-5', '1e300', 'NaN', '1.5'];
  let at = 0;
  receiver.answer = (_post, response) => {
    response.writeHead(200).end(`{"partialSuccess":{"rejectedSpans":"${answers[at]}"}}`);
    at += 1;
  };
  for (const [sent, cost] of [0, 2, 2, 3].entries()) {
    exporter.add(trace(2), true);
    await eventually('the answer', async () => (at > sent ? true : undefined));
    await eventually('what it cost', async () => (lost.count === cost ? true : undefined));
  }
  assert.deepEqual(faults, []);
  await exporter.close();
  assert.equal(lost.count, 3);
  const silent = await desk(t, { timeoutMs: 100 });
  silent.receiver.answer = () => undefined;
  silent.exporter.add(trace(2), true);
  await eventually('no answer', async () => silent.faults[0]);
  await silent.exporter.close();
  assert.equal(silent.lost.count, 2);
});

test('without a url nothing is traced, and none crosses a network in clear [tracing.config]', () => {
  assert.equal(tracingSection.parse({}).url, undefined);
  assert.ok(tracingSection.safeParse({ url: 'http://127.0.0.1:4318/v1/traces' }).success);
  for (const url of ['http://collector:4318/v1/traces', 'ftp://collector/', 'https://a:b@collector/', ''])
    assert.ok(!tracingSection.safeParse({ url }).success, url);
  assert.ok(!tracingSection.safeParse({ ratio: 1.1 }).success);
});
