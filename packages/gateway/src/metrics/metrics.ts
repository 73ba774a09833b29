import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ExportStatus } from '@sallyport/contract';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { DecisionPoint } from '../policy/index.ts';
import { Counter, Gauge, Histogram, type Instrument, type Label } from './instruments.ts';

/** What is only read when somebody asks for the metrics. */
export interface Readings {
  sessions(): number;
  holds(): number;
  exports(): readonly ExportStatus[];
  notifications(): readonly {
    readonly name: string;
    readonly waiting: number;
    readonly failures: number;
    readonly undelivered: number;
  }[];
}

/** Numbers of what the gateway does. Rooms know nothing of it: it looks on at the log and the decision point. */
export interface Metrics {
  /** The same log; what passes is counted, and how long it took. */
  watchLog(log: AuditLog): AuditLog;
  /** The same decision point; how long an answer took. */
  watchDecisions(point: DecisionPoint): DecisionPoint;
  /** So many spans will not arrive. */
  spansDropped(count: number): void;
  /** The text format of Prometheus. */
  render(readings: Readings): string;
  close(): void;
}

export interface MetricsDependencies {
  readonly protocols: readonly string[];
  /** Seconds, from any start, going forward. */
  seconds(): number;
}

/** From 50 microseconds to 10 seconds. */
const SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 10];
const GROUPS = ['read', 'write', 'define', 'destroy', 'execute', 'pivot', 'administer', 'connect', 'several'];
/** Entries that are told apart; the rest are `other`. */
const TYPES: readonly AuditEntry['type'][] = [
  'authenticated',
  'authentication-failed',
  'session-started',
  'session-ended',
  'decision',
  'introspection',
  'access-requested',
  'access-decided',
  'reveal',
  'violation',
  'recording-chunk',
  'configuration-loaded',
  'policy-loaded',
  'policy-rejected',
  'admin',
];

export function createMetrics(deps: MetricsDependencies): Metrics {
  const effect: Label = { name: 'effect', values: ['permit', 'deny'] };
  const protocol: Label = { name: 'protocol', values: deps.protocols };
  const operations = new Counter(
    'sallyport_operations_total',
    'Operations decided, by protocol, class of action and effect.',
    [protocol, { name: 'action', values: GROUPS }, effect],
  );
  const failures = new Counter(
    'sallyport_authentication_failures_total',
    'Credentials that were rejected, by the door they came to.',
    [{ name: 'door', values: ['control-plane', ...deps.protocols] }],
  );
  const entries = new Counter(
    'sallyport_audit_entries_total',
    'Entries appended to the audit log, by type.',
    [{ name: 'type', values: TYPES }],
  );
  const refused = new Counter('sallyport_audit_failures_total', 'Entries the audit log did not take.');
  const append = new Histogram(
    'sallyport_audit_append_seconds',
    'Time one append to the audit log took.',
    SECONDS,
  );
  const decision = new Histogram(
    'sallyport_decision_seconds',
    'Time the decision point took for an operation it had no answer to yet.',
    SECONDS,
  );
  const spans = new Counter(
    'sallyport_spans_dropped_total',
    'Spans that the collector of traces will not get.',
  );
  // Nothing is decided before there is a decision point to watch.
  let groupOf: DecisionPoint['groupOf'] = () => null;
  const count = (entry: AuditEntry) => {
    entries.add([entry.type]);
    if (entry.type === 'decision')
      operations.add([entry.protocol ?? '', classOf(entry.actions, groupOf), entry.effect ?? '']);
    else if (entry.type === 'authentication-failed')
      failures.add([entry.protocol ?? String(entry.facts?.door ?? '')]);
  };
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return {
    watchLog: (log) => watchedLog(log, { count, refused, append, seconds: deps.seconds }),
    watchDecisions(point) {
      groupOf = (action) => point.groupOf(action);
      return watchedDecisions(point, decision, deps.seconds);
    },
    spansDropped: (count) => spans.add([], count),
    render(readings) {
      const instruments = [
        operations,
        failures,
        entries,
        refused,
        append,
        decision,
        spans,
        ...gauges(readings, delay),
      ];
      delay.reset();
      return text(instruments);
    },
    close: () => void delay.disable(),
  };
}

/** The class of danger of what an operation does; `several` when it does more than one. */
function classOf(actions: readonly string[] | undefined, groupOf: DecisionPoint['groupOf']): string {
  const [first, ...more] = actions ?? [];
  if (first === undefined) return '';
  const group = groupOf(first) ?? first;
  return more.every((action) => (groupOf(action) ?? action) === group) ? group : 'several';
}

interface LogInstruments {
  count(entry: AuditEntry): void;
  readonly refused: Counter;
  readonly append: Histogram;
  seconds(): number;
}

function watchedLog(log: AuditLog, { count, refused, append, seconds }: LogInstruments): AuditLog {
  return {
    publicKey: log.publicKey,
    durability: log.durability,
    get size() {
      return log.size;
    },
    append(entry) {
      const started = seconds();
      try {
        log.append(entry);
      } catch (fault) {
        refused.add();
        throw fault;
      }
      append.observe(seconds() - started);
      count(entry);
    },
    synced: () => log.synced(),
    close: () => log.close(),
  };
}

function watchedDecisions(point: DecisionPoint, histogram: Histogram, seconds: () => number): DecisionPoint {
  return {
    get version() {
      return point.version;
    },
    get asksRisk() {
      return point.asksRisk;
    },
    groupOf: (action) => point.groupOf(action),
    isAction: (name) => point.isAction(name),
    async decide(...asked) {
      const started = seconds();
      const answer = await point.decide(...asked);
      histogram.observe(seconds() - started);
      return answer;
    },
    onChange: (listener) => point.onChange(listener),
    close: () => point.close(),
  };
}

const NOTIFICATIONS = {
  waiting: 'Messages that wait for a channel.',
  failures: 'Attempts of a channel that failed since the last that did not.',
  undelivered: 'Messages that a channel was given up for, since the gateway started.',
};

type Delay = ReturnType<typeof monitorEventLoopDelay>;

function gauges(readings: Readings, delay: Delay): Instrument[] {
  const one = (name: string, help: string, value: number) => new Gauge(name, help, () => [[{}, value]]);
  const lag = readings.exports();
  const nanoseconds = (value: number) => (Number.isFinite(value) ? value / 1e9 : 0);
  return [
    one('sallyport_sessions_open', 'Sessions that are open.', readings.sessions()),
    one('sallyport_holds_pending', 'Operations that wait for approval.', readings.holds()),
    new Gauge('sallyport_export_lag_entries', 'Entries an export has not delivered.', () =>
      lag.map(({ name, lag: { entries } }) => [{ export: name }, entries ?? Number.NaN] as const),
    ),
    new Gauge('sallyport_export_lag_seconds', 'Age of the oldest entry an export has not delivered.', () =>
      lag.map(({ name, lag: { seconds } }) => [{ export: name }, seconds] as const),
    ),
    ...(['waiting', 'failures', 'undelivered'] as const).map(
      (what) =>
        new Gauge(`sallyport_notifications_${what}`, NOTIFICATIONS[what], () =>
          readings.notifications().map((one) => [{ channel: one.name }, one[what]] as const),
        ),
    ),
    new Gauge(
      'sallyport_event_loop_delay_seconds',
      'How late the event loop was since the metrics were last asked for.',
      () => [
        [{ quantile: '0.5' }, nanoseconds(delay.percentile(50))],
        [{ quantile: '0.99' }, nanoseconds(delay.percentile(99))],
        [{ quantile: '1' }, nanoseconds(delay.max)],
      ],
    ),
    one('process_resident_memory_bytes', 'Resident memory size in bytes.', process.memoryUsage.rss()),
  ];
}

function text(instruments: readonly Instrument[]): string {
  return `${instruments.flatMap((one) => one.lines()).join('\n')}\n`;
}
