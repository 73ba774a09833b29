import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtocols } from '../protocols/registry.ts';
import { readTraceparent } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${SPAN}-01`;

test('a traceparent is read in one form only [tracing.parent]', () => {
  for (const flags of ['00', '01', 'ff'])
    assert.deepEqual(readTraceparent(`00-${TRACE}-${SPAN}-${flags}`), { traceId: TRACE, spanId: SPAN });
  for (const hostile of [
    null,
    '',
    `01-${TRACE}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `${GOOD}-`,
    `${GOOD}-00`,
    ` ${GOOD}`,
    `${GOOD}\n`,
    GOOD.toUpperCase(),
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-0g`,
    `00-${TRACE.slice(1)}-${SPAN}-001`,
    `00_${TRACE}_${SPAN}_01`,
    `${GOOD}, ${GOOD}`,
    `00-${TRACE.slice(0, -1)}\u0661-${SPAN}-01`,
    'x'.repeat(1_000_000),
  ])
    assert.equal(readTraceparent(hostile), null, String(hostile).slice(0, 80));
});

async function finder(protocol: string) {
  const protocols = createProtocols({
    clock: { now: () => 0, elapsed: () => 0 },
    random: (bytes) => Buffer.alloc(bytes),
    http: {} as never,
  });
  const found = protocols.byName(protocol);
  await protocols.close();
  return (text: string): boolean => readTraceparent(found?.traceparent?.({ text }) ?? null) !== null;
}

test('a statement says it in the comment it ends with [tracing.parent]', async () => {
  const found = await finder('postgres');
  for (const text of [
    `select 1 /*traceparent='${GOOD}'*/`,
    `select 1 /*traceparent='${GOOD}'*/ ;\n`,
    `select 1 /* action='a%20b',traceparent='${GOOD}',tracestate='x%3Dy' */`,
    `${'x'.repeat(1_000_000)}/*traceparent='${GOOD}'*/`,
  ])
    assert.ok(found(text), text.slice(-200));
  for (const text of [
    `select '/*traceparent=''${GOOD}''*/'`,
    `select '${GOOD}'`,
    `/*traceparent='${GOOD}'*/ select 1`,
    `select 1 -- traceparent='${GOOD}'`,
    `select 1 /*traceparent=${GOOD}*/`,
    `select 1 /*xtraceparent='${GOOD}'*/`,
    `select 1 /*traceparent='${GOOD}'x*/`,
    `select 1 /*traceparent='${GOOD}',${'y'.repeat(3_000)}*/`,
    `select 1 /*traceparent='${GOOD.toUpperCase()}'*/`,
    `traceparent='${GOOD}'*/`,
    '*/',
    '',
    `${' ;'.repeat(500_000)}*/`,
  ])
    assert.ok(!found(text), text.slice(0, 200));
});

test('a request says it in a header, not in its path or body [tracing.parent]', async () => {
  const found = await finder('http');
  assert.ok(found(`GET /a HTTP/1.1\naccept: */*\ntraceparent: ${GOOD}\n`));
  assert.ok(found(`POST /a HTTP/1.1\ntraceparent: ${GOOD}\n\nbody`));
  for (const text of [
    `POST /a HTTP/1.1\naccept: */*\n\ntraceparent: ${GOOD}\n`,
    `GET /traceparent:%20${GOOD} HTTP/1.1\n`,
    `GET /a HTTP/1.1\nx-traceparent: ${GOOD}\n`,
    `GET /a HTTP/1.1\ntraceparent: ${GOOD}, ${GOOD}\n`,
    `GET /a HTTP/1.1\ntracestate: traceparent: ${GOOD}\n`,
    '',
  ])
    assert.ok(!found(text), text);
});
