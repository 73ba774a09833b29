import type { ExportOf } from '../section.ts';
import { type ExportEntry, type Sink, SinkFailure } from '../sink.ts';
import { attribute, otlpPoster } from './otlp-post.ts';

/** OpenTelemetry logs over HTTP as JSON (OTLP 1.x). */
export function otlp(config: ExportOf<'otlp'>, log: string): Sink {
  const { post, close } = otlpPoster(config, 'rejectedLogRecords');
  return {
    async send({ entries }, signal) {
      // The protocol would have rejected records dropped without another word. An audit entry is not: the batch is sent
      // again until the collector takes it or somebody looks why it does not.
      if ((await post(logsOf(entries, log), signal)) !== 0)
        throw new SinkFailure('the collector rejected some of the records');
    },
    close: async () => close(),
  };
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
      attribute('sallyport.audit.seq', entry.seq),
    ],
  };
}
