/** What tracing costs an operation: the same ones asked for over a line that nobody looks on at and over one that is traced, in turns. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Session } from '../packages/gateway/src/data-path/index.ts';
import { systemClock } from '../packages/gateway/src/lib/clock.ts';
import type { HoldListener, Line, Operation, Protocol } from '../packages/gateway/src/protocols/protocol.ts';
import { createTracing, tracingSection } from '../packages/gateway/src/tracing/index.ts';
import { median, printTable } from './table.ts';

const OPERATIONS = 20_000;
/** Operations in one turn of the loop: between turns spans are sent. */
const AT_ONCE = 5;

/** A collector in a process of its own: what it costs is not the gateway's. */
const COLLECTOR = `
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.end('{}'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

const OPERATION: Operation = {
  meaning: {
    form: 'SELECT $1',
    evaluations: [{ action: 'select', resource: { type: 'Table', path: ['a', 'b', 'c'] } }],
    undetermined: null,
    changesState: false,
  },
  text: "SELECT 1 /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/",
  parameters: [],
};

const HOLD: HoldListener = { held: () => undefined, signal: new AbortController().signal };
const REPLY = Buffer.alloc(64);

export async function benchTracing(rounds: number): Promise<void> {
  const collector = spawn(process.execPath, ['-e', COLLECTOR], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const { value: port } = await createInterface({ input: collector.stdout })[Symbol.asyncIterator]().next();
    const ways = await Promise.all(
      [0, 0.1, 1].map(async (ratio) => ({ ratio, ...traced(ratio, String(port)) })),
    );
    const costs = new Map<number, number[]>(ways.map(({ ratio }) => [ratio, []]));
    for (let round = 0; round < rounds + 1; round += 1) {
      const bare = await cpuOf(LINE);
      for (const { ratio, line } of ways) {
        const cost = (await cpuOf(line)) - bare;
        // The first round warms up.
        if (round > 0) costs.get(ratio)?.push(cost);
      }
    }
    await Promise.all(ways.map(({ close }) => close()));
    printTable(
      `tracing ${OPERATIONS} operations (median of ${rounds} rounds), beside a line nobody looks on at`,
      ['ratio', 'CPU µs per operation', 'spans dropped'],
      ways.map(({ ratio, dropped }) => [
        String(ratio),
        median(costs.get(ratio) ?? []).toFixed(2),
        String(dropped()),
      ]),
    );
  } finally {
    collector.kill();
  }
}

function traced(ratio: number, port: string) {
  let lost = 0;
  const config = tracingSection.parse({
    url: `http://127.0.0.1:${port}/v1/traces`,
    ratio,
    queueSpans: 100_000,
  });
  const tracing = createTracing(config, {
    clock: systemClock,
    random: (bytes) => randomBytes(bytes).toString('hex'),
    draw: Math.random,
    dropped: (count) => {
      lost += count;
    },
    report: (fault) => void process.stderr.write(`${String(fault)}\n`),
  });
  if (tracing === null) throw new Error('nothing is traced');
  const attendant = tracing.arrived(PROTOCOL);
  attendant.authenticated(SESSION);
  attendant.reached(null);
  return { line: attendant.along(LINE), dropped: () => lost, close: () => tracing.close() };
}

async function cpuOf(line: Line): Promise<number> {
  const start = process.cpuUsage();
  for (let at = 0; at < OPERATIONS; at += AT_ONCE) {
    for (let one = 0; one < AT_ONCE; one += 1) {
      const outcome = line.submit(OPERATION, HOLD);
      if (outcome instanceof Promise || outcome.effect === 'deny') throw new Error('not permitted at once');
      outcome.tape.reply(REPLY, 0, REPLY.length);
      outcome.tape.end({ outcome: 'completed', rows: 1, bytes: REPLY.length, status: 'SELECT 1' });
    }
    await new Promise(setImmediate);
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / OPERATIONS;
}

const SESSION = {
  id: '0123456789abcdef',
  target: 'db',
  context: { protocol: 'postgres' },
  identity: { subject: 'a|b', actor: 'c' },
  house: { decisionPoint: { version: '0123456789abcdef' } },
} as Session;

const PROTOCOL = {
  name: 'postgres',
  traceparent: ({ text }) => text.slice(text.indexOf("='") + 2, -3),
} as Protocol;

const LINE = {
  submit: () => ({
    effect: 'permit',
    permit: { effect: 'permit', evaluationId: '0123456789abcdef.1' },
    tape: { reply: () => undefined, end: () => undefined },
    limit: null,
  }),
} as unknown as Line;
