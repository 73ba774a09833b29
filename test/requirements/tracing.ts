/** What traces promise. */
export const tracingRequirements = {
  'tracing.operation':
    'Each operation is one trace: what was decided, how long it was held, and what it took to forward it and its reply.',
  'tracing.connect': 'A connection is a trace of its own: who it was, and whether the target was reached.',
  'tracing.kept': 'What was denied or held is traced, whatever part of the rest is.',
  'tracing.chosen':
    'No client has a part in what is traced beside: a traceparent gives the parent and nothing else.',
  'tracing.parent': 'A traceparent counts only in the one form that W3C Trace Context gives it.',
  'tracing.secrets':
    'No text, parameter, form, reason or value of an operation is in a span, and no person or agent unless that is configured.',
  'tracing.never-waits':
    'A collector that is dead, slow or lies holds nothing up: spans wait in a queue of limited length, and what is dropped is counted.',
  'tracing.otlp': 'Spans are what OTLP 1.x has as JSON, and every one of a trace is sent or none.',
  'tracing.config': 'Without a url nothing is traced; spans cross no network in clear.',
} as const;
