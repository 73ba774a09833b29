import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { httpSection } from '../../../packages/gateway/src/protocols/http/index.ts';
import { startHttpWorld } from '../../conformance/http-world.ts';

const SECRET = 'jane.roe@customers.example';
const ENTITIES = SECRET.replace('@', '&#64;');

interface Reply {
  readonly name: string;
  readonly type: string | null;
  readonly body: string | Buffer;
  readonly fields?: Readonly<Record<string, string | string[]>>;
  /** What the client may get: the rest of the reply without the value, or word that it is withheld. */
  readonly expected: 'masked' | 'withheld';
}

const utf16 = Buffer.from(`{"contact":"${SECRET}"}`, 'utf16le');

/** Ways for a value to leave in a reply. Only ever add to this table. */
const replies: readonly Reply[] = [
  { name: 'a JSON string', type: 'application/json', body: `{"contact":"${SECRET}"}`, expected: 'masked' },
  {
    name: 'a JSON string with escapes',
    type: 'application/json',
    body: `{"contact":"${SECRET.replace('@', '\\u0040')}"}`,
    expected: 'masked',
  },
  { name: 'a JSON member name', type: 'application/json', body: `{"${SECRET}":1}`, expected: 'masked' },
  {
    name: 'JSON in a JSON string',
    type: 'application/json',
    body: JSON.stringify({ inner: `{"contact":"${SECRET.replace('@', '\\u0040')}"}` }),
    expected: 'masked',
  },
  {
    name: 'JSON five strings deep',
    type: 'application/json',
    body: nest(`{"contact":"${SECRET}"}`, 5),
    expected: 'withheld',
  },
  {
    name: 'an entity in a JSON string',
    type: 'application/json',
    body: `{"contact":"${ENTITIES}"}`,
    expected: 'masked',
  },
  {
    name: 'percent-encoding in a JSON string',
    type: 'application/json',
    body: `{"next":"/?q=${encodeURIComponent(SECRET)}"}`,
    expected: 'masked',
  },
  {
    name: 'a second member of the same name',
    type: 'application/json',
    body: `{"a":"${SECRET}","a":1}`,
    expected: 'masked',
  },
  {
    name: 'a card number as a JSON number',
    type: 'application/json',
    body: '{"card":4111111111111111}',
    expected: 'masked',
  },
  {
    name: 'a JSON subtype',
    type: 'application/hal+json; charset=utf-8',
    body: `{"contact":"${SECRET}"}`,
    expected: 'masked',
  },
  {
    name: 'JSON that is not JSON',
    type: 'application/json',
    body: `{contact:"${SECRET}"}`,
    expected: 'withheld',
  },
  {
    name: 'JSON lines',
    type: 'application/x-ndjson',
    body: `{"a":1}\n{"contact":"${SECRET.replace('@', '\\u0040')}"}\n`,
    expected: 'masked',
  },
  { name: 'plain text', type: 'text/plain', body: `write to ${SECRET} now`, expected: 'masked' },
  { name: 'comma-separated values', type: 'text/csv', body: `id,contact\n1,${SECRET}\n`, expected: 'masked' },
  { name: 'a web page', type: 'text/html', body: `<p>${SECRET}</p>`, expected: 'masked' },
  { name: 'a web page with entities', type: 'text/html', body: `<p>${ENTITIES}</p>`, expected: 'withheld' },
  {
    name: 'a web page with hexadecimal entities',
    type: 'text/html',
    body: `<p>${SECRET.replace('@', '&#x40;')}</p>`,
    expected: 'withheld',
  },
  {
    name: 'a web page with named entities',
    type: 'text/html',
    body: `<p>${SECRET.replace('@', '&commat;')}</p>`,
    expected: 'withheld',
  },
  { name: 'XML', type: 'application/xml', body: `<c>${SECRET}</c>`, expected: 'masked' },
  {
    name: 'a script with escapes',
    type: 'text/javascript',
    body: `x="${SECRET.replace('@', '\\x40')}"`,
    expected: 'withheld',
  },
  { name: 'server-sent events', type: 'text/event-stream', body: `data: ${SECRET}\n\n`, expected: 'masked' },
  { name: 'a byte stream', type: 'application/octet-stream', body: SECRET, expected: 'withheld' },
  { name: 'an image', type: 'image/png', body: SECRET, expected: 'withheld' },
  {
    name: 'a form',
    type: 'application/x-www-form-urlencoded',
    body: `c=${encodeURIComponent(SECRET)}`,
    expected: 'withheld',
  },
  {
    name: 'a multipart body',
    type: 'multipart/mixed; boundary=x',
    body: `--x\r\n\r\n${SECRET}\r\n--x--`,
    expected: 'withheld',
  },
  { name: 'no type', type: null, body: SECRET, expected: 'withheld' },
  { name: 'a type that is not one', type: 'json', body: SECRET, expected: 'withheld' },
  {
    name: 'gzip',
    type: 'application/json',
    body: gzipSync(`{"contact":"${SECRET}"}`),
    fields: { 'content-encoding': 'gzip' },
    expected: 'withheld',
  },
  { name: 'gzip that nobody named', type: 'text/plain', body: gzipSync(SECRET), expected: 'withheld' },
  {
    name: 'deflate',
    type: 'text/plain',
    body: deflateSync(SECRET),
    fields: { 'content-encoding': 'deflate' },
    expected: 'withheld',
  },
  {
    name: 'an unknown coding',
    type: 'text/plain',
    body: SECRET,
    fields: { 'content-encoding': 'rot13' },
    expected: 'withheld',
  },
  {
    name: 'identity and another coding',
    type: 'text/plain',
    body: SECRET,
    fields: { 'content-encoding': 'identity, gzip' },
    expected: 'withheld',
  },
  {
    name: 'UTF-16 that says so',
    type: 'application/json; charset=utf-16le',
    body: utf16,
    expected: 'withheld',
  },
  { name: 'UTF-16 that does not', type: 'text/plain', body: utf16, expected: 'withheld' },
  {
    name: 'UTF-16 with a mark',
    type: 'text/plain',
    body: Buffer.concat([Buffer.of(0xff, 0xfe), utf16]),
    expected: 'withheld',
  },
  {
    name: 'UTF-7',
    type: 'text/plain; charset=utf-7',
    body: SECRET.replace('@', '+AEA-'),
    expected: 'withheld',
  },
  {
    name: 'EBCDIC',
    type: 'text/plain; charset="cp037"',
    body: Buffer.from([0x91, 0x81]),
    expected: 'withheld',
  },
  {
    name: 'bytes that are not UTF-8',
    type: 'text/plain',
    body: Buffer.concat([Buffer.of(0xff), Buffer.from(SECRET)]),
    expected: 'withheld',
  },
  { name: 'a header', type: 'text/plain', body: 'ok', fields: { 'x-contact': SECRET }, expected: 'masked' },
  {
    name: 'a header, percent-encoded',
    type: 'text/plain',
    body: 'ok',
    fields: { link: `</?q=${encodeURIComponent(SECRET)}>` },
    expected: 'masked',
  },
  {
    name: 'a cookie',
    type: 'text/plain',
    body: 'ok',
    fields: { 'set-cookie': [`contact=${SECRET}`] },
    expected: 'masked',
  },
  {
    name: 'a redirect',
    type: 'text/plain',
    body: 'ok',
    fields: { location: `/base/?q=${encodeURIComponent(SECRET)}` },
    expected: 'masked',
  },
  { name: 'a trailer', type: 'text/plain', body: 'ok', fields: { trailer: 'x-contact' }, expected: 'masked' },
];

describe('values that must not leave', () => {
  for (const reply of replies) {
    test(`a value in ${reply.name} is ${reply.expected} [http.unmaskable-withheld]`, async () => {
      const world = await startHttpWorld({
        options: httpSection.parse({}),
        rule: () => 'permit',
        answer: (_request, response) => write(reply, response),
      });
      try {
        const response = await fetch(`http://127.0.0.1:${world.gateway.port}/target/x`, {
          headers: { authorization: `Bearer ${world.gateway.token}`, range: 'bytes=0-3' },
          redirect: 'manual',
        });
        const text = await response.text();
        const everything = `${JSON.stringify([...response.headers])}\n${text}`;
        for (const form of [
          everything,
          decodeURIComponent(everything.replace(/%(?![0-9a-f]{2})/gi, '%25')),
        ]) {
          assert.ok(
            !form.includes(SECRET) && !form.includes('4111111111111111') && !form.includes(ENTITIES),
            form,
          );
          assert.ok(!form.replaceAll(/\\+u0040/g, '@').includes(SECRET), form);
        }
        assert.equal(response.status, reply.expected === 'masked' ? 200 : 502, text);
        if (reply.expected === 'withheld') assert.match(text, /reply-withheld.*evaluation_id/s);
        assert.equal(world.requests[0]?.headers.range, undefined);
        assert.equal(world.requests[0]?.headers['accept-encoding'], 'identity');
        for (const { reply: recorded } of world.gateway.recordings) assert.ok(!recorded.includes(SECRET));
      } finally {
        await world.close();
      }
    });
  }
});

function write({ type, body, fields = {} }: Reply, response: ServerResponse): void {
  if (type !== null) response.setHeader('content-type', type);
  for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
  if ('trailer' in fields) {
    response.write(body);
    response.addTrailers({ 'x-contact': SECRET });
    response.end();
  } else response.end(body);
}

function nest(text: string, depth: number): string {
  let nested = text;
  for (let level = 0; level < depth; level += 1) nested = JSON.stringify([nested]);
  return nested;
}
