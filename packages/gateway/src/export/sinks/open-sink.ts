import type { ExportConfig } from '../section.ts';
import type { Sink } from '../sink.ts';
import { ndjsonFile } from './ndjson-file.ts';
import { otlp } from './otlp.ts';
import { syslog } from './syslog.ts';
import { webhook } from './webhook.ts';

/** The sink of a configuration. Connects to nothing yet. `log` is the public key of the log that is exported. */
export function openSink(config: ExportConfig, log: string, now: () => number): Sink {
  switch (config.type) {
    case 'ndjson':
      return ndjsonFile(config);
    case 'syslog':
      return syslog(config);
    case 'webhook':
      return webhook(config, log, now);
    case 'otlp':
      return otlp(config, log);
  }
}
