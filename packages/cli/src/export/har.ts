import type { RecordingEvent } from '@sallyport/contract';
import { exitCode, Failure } from '../failure.ts';
import { type Fields, type Line, number, text } from '../recorded-fields.ts';
import { inertJson } from './inert-json.ts';
import { type ExportedOperation, exportedOf, timeOf } from './operations.ts';

/** An HTTP session as an HTTP Archive, version 1.2. */
export async function* har(events: AsyncIterable<RecordingEvent>): AsyncGenerator<string> {
  let header: Fields = {};
  let separator = '';
  for await (const exported of exportedOf(events)) {
    if (exported.kind === 'header') {
      header = exported.header;
      if (header.protocol !== 'http') {
        throw new Failure(
          exitCode.usage,
          `An archive is of HTTP; this session spoke ${text(header.protocol)}: use ndjson, csv or asciicast.`,
        );
      }
      yield '{"log":{"version":"1.2","creator":{"name":"sallyport","version":"0.1.0"},';
      yield `"comment":${inertJson(`Session ${text(header.sessionId)}, masked as the client saw it. Hosts are names of targets.`)},"entries":[`;
    }
    if (exported.kind !== 'operation') continue;
    yield `${separator}${inertJson(entryOf(exported.one, header))}`;
    separator = ',';
  }
  yield ']}}';
}

function entryOf(one: ExportedOperation, header: Fields): object {
  const { at, endedAt, operation } = one;
  const wait = Math.max(0, (endedAt ?? at) - at);
  const comment = operation.effect === 'deny' ? `denied: ${text(operation.reason)}` : '';
  return {
    startedDateTime: timeOf(header, at),
    time: wait,
    request: requestOf(text(operation.text), text(header.target)),
    response: responseOf(one),
    cache: {},
    timings: { send: 0, wait, receive: 0 },
    ...(comment === '' ? {} : { comment }),
  };
}

/** A recorded request is `GET /path HTTP/1.1`, header lines, an empty line and the body. */
function requestOf(recorded: string, target: string): object {
  const empty = recorded.indexOf('\n\n');
  const head = empty < 0 ? recorded : recorded.slice(0, empty);
  const body = empty < 0 ? '' : recorded.slice(empty + 2);
  const [line = '', ...lines] = head.split('\n');
  const [method = '', path = '/'] = line.split(' ');
  const headers = lines.filter((one) => one !== '').map(nameAndValue);
  const question = path.indexOf('?');
  const query = question < 0 ? [] : [...new URLSearchParams(path.slice(question + 1))];
  return {
    method,
    url: `http://${target}${path}`,
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers,
    queryString: query.map(([name, value]) => ({ name, value })),
    ...(body === '' ? {} : { postData: { mimeType: mimeOf(headers), text: body } }),
    headersSize: -1,
    bodySize: Buffer.byteLength(body),
  };
}

/** The status, the header fields, then the body, line by line. */
function responseOf({ reply, leftOut, result }: ExportedOperation): object {
  const [first, ...rest] = reply;
  const status = /^(\d{3})(?: (.*))?$/.exec(first === undefined ? '' : text(first.text));
  const isBody = (line: Line) => line.kind === 'text';
  const start = rest.findIndex(isBody);
  const headers = (start < 0 ? rest : rest.slice(0, start)).map((line) => nameAndValue(text(line.text)));
  const body = rest
    .filter(isBody)
    .map((line) => text(line.text))
    .join('\n');
  const isCut = leftOut > 0 || (start >= 0 && !rest.slice(start).every(isBody));
  return {
    status: Number(status?.[1] ?? 0),
    statusText: status?.[2] ?? '',
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers,
    content: {
      size: Buffer.byteLength(body),
      mimeType: mimeOf(headers),
      text: body,
      ...(isCut ? { comment: `the rest was not kept (${leftOut} bytes)` } : {}),
    },
    redirectURL: headers.find(({ name }) => name.toLowerCase() === 'location')?.value ?? '',
    headersSize: -1,
    bodySize: number(result?.bytes),
  };
}

function nameAndValue(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':');
  return colon < 0
    ? { name: line, value: '' }
    : { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
}

function mimeOf(headers: readonly { readonly name: string; readonly value: string }[]): string {
  return headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? '';
}
