/** What exports of the audit log promise. */
export const exportRequirements = {
  'export.at-least-once':
    'A receiver that is killed and comes back, and a gateway that is, leave no entry out and none out of order.',
  'export.cursor': 'An export goes on from its cursor, which moves only after the sink acknowledged.',
  'export.on-disk':
    'No entry leaves before it is on disk, so that a sink never has one that a power cut took.',
  'export.lost':
    'Entries that were removed before they were exported, and a cursor that does not fit the log, are said and not passed over.',
  'export.alarm': 'A sink that never answers is an error in the log and in the status, and holds nothing up.',
  'export.deny':
    'With on_lag deny nothing is permitted while the sink is past its limits, and everything is again after.',
  'export.lag': 'Lag is known in entries and in seconds, whether or not anything was ever acknowledged.',
  'export.back-off': 'Attempts come less and less often, up to a cap, and not at the same moment.',
  'export.hostile': 'No answer of a receiver is followed, read without bound or waited for without end.',
  'export.tls': 'A receiver that cannot show its certificate is sent nothing.',
  'export.secrets': 'No secret, URL or word of a receiver is in a log, an error or the status.',
  'export.private-addresses':
    'A webhook reaches an address that is not public only where that is configured.',
  'export.config':
    'A configuration of an export that would show a secret or cross a network in clear is refused.',
  'export.ndjson': 'A file has every entry as it stands in the log, and is rotated by size.',
  'export.ndjson-torn': 'A line that a crash left unfinished is cut and written again.',
  'export.syslog': 'Syslog is RFC 5424 with octet counting over TLS, one message for one entry.',
  'export.syslog-acknowledged':
    'A syslog batch is acknowledged by the end of TLS, not by bytes that were sent.',
  'export.webhook':
    'A webhook gets batches of lines, each with an id that stays the same when it is sent again.',
  'export.webhook-signed':
    'A webhook is signed as Standard Webhooks has it, with every secret that is in force.',
  'export.otlp':
    'OpenTelemetry logs hold whole entries, and a record that is rejected is not taken for delivered.',
  'export.ocsf': 'Every entry is an OCSF event of the class that fits, with nothing of it left out.',
  'export.status': 'Auditors and operators see how exports are doing, by API and by command.',
  'export.command': 'Entries can be printed from the files of the log, from one to another, in each format.',
} as const;
