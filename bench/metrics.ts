/** What counting costs: the same entries appended to a log with and without metrics looking on, in turns. */
import type { AuditEntry, AuditLog } from '../packages/gateway/src/audit/index.ts';
import { createMetrics } from '../packages/gateway/src/metrics/index.ts';
import { median, printTable } from './table.ts';

const ENTRIES = 300_000;
const ENTRY: AuditEntry = {
  type: 'decision',
  protocol: 'postgres',
  actions: ['select', 'call'],
  effect: 'permit',
};

export function benchMetrics(rounds: number): void {
  const metrics = createMetrics({
    protocols: ['postgres', 'http'],
    seconds: () => performance.now() / 1_000,
  });
  const plain = silentLog();
  const watched = metrics.watchLog(plain);
  metrics.watchDecisions({
    version: 'v',
    asksRisk: false,
    isAction: () => true,
    groupOf: (action) => (action === 'select' ? 'read' : null),
    decide: async () => ({ effect: 'permit', policies: [], policyVersion: 'v', obligations: [] }),
    onChange: () => undefined,
    close: async () => undefined,
  });
  const costs: number[] = [];
  for (let round = 0; round < rounds + 1; round += 1) {
    const bare = cpuOf(plain);
    const counted = cpuOf(watched);
    // The first round warms up.
    if (round > 0) costs.push(counted - bare);
  }
  metrics.close();
  printTable(
    `metrics looking on at ${ENTRIES} entries (median of ${rounds} rounds)`,
    ['', 'CPU µs per entry'],
    [['counting', median(costs).toFixed(2)]],
  );
}

function cpuOf(log: AuditLog): number {
  const start = process.cpuUsage();
  for (let at = 0; at < ENTRIES; at += 1) log.append(ENTRY);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / ENTRIES;
}

function silentLog(): AuditLog {
  return {
    publicKey: '',
    size: 0,
    durability: 'write',
    append: () => undefined,
    synced: async () => undefined,
    close: async () => undefined,
  };
}
