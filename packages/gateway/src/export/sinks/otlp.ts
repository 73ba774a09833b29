import type { ExportOf } from '../section.ts';
import { type ExportEntry, type Sink, SinkFailure } from '../sink.ts';
import { type Answer, poster, readSecretFile, refused } from './https-post.ts';

/** OpenTelemetry logs over HTTP as JSON (OTLP 1.x). */
export function otlp(config: ExportOf<'otlp'>, log: string): Sink {
  const { url, caFile, headerName, headerFile } = config;
  const { post, close } = poster({ url, caFile, privateAddresses: true });
  return {
    async send({ entries }, signal) {
      const secret = headerFile === undefined ? {} : { [headerName]: await headerValue(headerFile) };
      const body = Buffer.from(JSON.stringify(logsOf(entries, log)));
      const answer = await post({ 'content-type': 'application/json', ...secret }, body, signal);
      if (answer.status !== 200) throw refused(answer);
      assertAllTaken(answer);
    },
    close: async () => close(),
  };
}

async function headerValue(path: string): Promise<string> {
  const value = await readSecretFile(path, 'header value');
  if (/^[\x20-\x7e]+$/.test(value)) return value;
  throw new SinkFailure(`the header value ${path} is not one line of printable ASCII`);
}

/**
 * The protocol would have rejected records dropped without another word. An audit entry is not: the batch is sent again until
 * the collector takes it or somebody looks why it does not.
 */
function assertAllTaken({ body }: Answer): void {
  if (body === null) throw new SinkFailure('the collector answered more than is read');
  const partial = recordOf(recordOf(parsed(body)).partialSuccess);
  // 64-bit numbers are texts in this JSON (OTLP, "JSON Protobuf Encoding"); both are understood.
  if (Number(partial.rejectedLogRecords ?? 0) !== 0)
    throw new SinkFailure('the collector rejected some of the records');
}

function parsed(body: string): unknown {
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new SinkFailure('the collector answered something that is not JSON');
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function logsOf(entries: readonly ExportEntry[], log: string) {
  const resource = {
    attributes: [attribute('service.name', 'sallyport'), attribute('sallyport.audit.log', log)],
  };
  const scope = { name: 'sallyport.audit' };
  return { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: entries.map(recordFor) }] }] };
}

function recordFor(entry: ExportEntry) {
  const nanoseconds = `${entry.time}000000`;
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    // OTLP severity numbers: INFO and WARN.
    ...(entry.denied
      ? { severityNumber: 13, severityText: 'WARN' }
      : { severityNumber: 9, severityText: 'INFO' }),
    body: { stringValue: entry.line },
    attributes: [
      attribute('event.name', `sallyport.audit.${entry.type}`),
      { key: 'sallyport.audit.seq', value: { intValue: String(entry.seq) } },
    ],
  };
}

function attribute(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}
