/**
 * What task tokens cost, without a network: verifying one that is known, one that is new, one with a DPoP proof, and
 * exchanging for one with a real store and a real audit log. The anchor is one Ed25519 verification, in the same run.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditSection, createAudit } from '../packages/gateway/src/audit/index.ts';
import {
  createIdentityProvider,
  type IdentityRoom,
  identitySection,
  PLAIN_TOKEN,
  TaskTokenIssuer,
} from '../packages/gateway/src/identity/index.ts';
import { systemClock } from '../packages/gateway/src/lib/clock.ts';
import type { Possession } from '../packages/gateway/src/protocols/protocol.ts';
import { openStorage, storageSection } from '../packages/gateway/src/storage/index.ts';
import { createExchange, createLedger } from '../packages/gateway/src/task-tokens/index.ts';
import { exchangeForm, makeProof, newAgentKey } from '../test/fixtures/task-tokens.ts';
import { median, printTable } from './table.ts';

const KNOWN = 20_000;
const NEW = 400;
const EXCHANGES = 300;
const ISSUER = 'https://gateway.example';
const AT = 'gateway.example:443';

export async function benchTokens(rounds: number): Promise<void> {
  const measured: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const stage = await startStage();
    try {
      measured.push(await measure(stage));
    } finally {
      await stage.close();
    }
  }
  const row = (name: string, pick: (one: Measured) => readonly number[]): readonly string[] => {
    const share = (part: number): string =>
      median(measured.map((one) => quantile(pick(one), part))).toFixed(1);
    return [name, share(0.5), share(0.99)];
  };
  printTable(
    `task tokens (medians of ${rounds} rounds)`,
    ['', 'p50 µs', 'p99 µs'],
    [
      row('Ed25519 alone', ({ anchor }) => anchor),
      row('a token that is known', ({ known }) => known),
      row('a token that is new', ({ fresh }) => fresh),
      row('a known token with a DPoP proof', ({ proven }) => proven),
      row('an exchange', ({ exchanged }) => exchanged),
    ],
  );
  const perSecond = median(measured.map((one) => one.exchangesPerSecond));
  process.stdout.write(`\nexchanges, one after the other: ${perSecond.toFixed(0)} a second\n`);
}

interface Measured {
  readonly anchor: readonly number[];
  readonly known: readonly number[];
  readonly fresh: readonly number[];
  readonly proven: readonly number[];
  readonly exchanged: readonly number[];
  readonly exchangesPerSecond: number;
}

interface Stage {
  readonly provider: IdentityRoom;
  newToken(jkt?: string): Promise<string>;
  exchange(token: string): Promise<unknown>;
  close(): Promise<void>;
}

const NOTHING: Possession = {
  ...{ proof: null, method: 'POST', before: 'https://', after: '/v1/token' },
  ...{ authorities: [AT], certificate: null, tellsNonce: true },
};

async function measure({ provider, newToken, exchange }: Stage): Promise<Measured> {
  const token = await newToken();
  const tokens: string[] = [];
  for (let made = 0; made < NEW; made += 1) tokens.push(await newToken());
  const fresh = await timed(tokens, (one) => provider.authenticate(one));
  assert.deepEqual((await provider.authenticate(token)).groups, ['agents']);
  const again = Array.from({ length: KNOWN }, () => token);
  await timed(again, (one) => provider.authenticate(one));
  const known = await timed(again, (one) => provider.authenticate(one));
  const key = await newAgentKey();
  const bound = await newToken(key.jkt);
  const proofs: string[] = [];
  for (let made = 0; made < NEW; made += 1) {
    proofs.push(await makeProof(key, 'POST', `https://${AT}/v1/token`, bound));
  }
  const proven = await timed(proofs, (proof) => provider.authenticate(bound, { ...NOTHING, proof }));
  await exchange(token);
  const started = performance.now();
  const exchanged = await timed(Array.from({ length: EXCHANGES }), () => exchange(token));
  const exchangesPerSecond = (EXCHANGES * 1_000) / (performance.now() - started);
  return { anchor: await timeAnchor(token), known, fresh, proven, exchanged, exchangesPerSecond };
}

async function timeAnchor(token: string): Promise<readonly number[]> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const text = Buffer.from(token);
  const signature = sign(null, text, privateKey);
  return timed(Array.from({ length: NEW }), () => assert.ok(verify(null, text, publicKey, signature)));
}

/** Microseconds that each took. */
async function timed<T>(items: readonly T[], work: (item: T) => unknown): Promise<readonly number[]> {
  const took: number[] = [];
  for (const item of items) {
    const started = performance.now();
    await work(item);
    took.push((performance.now() - started) * 1_000);
  }
  return took;
}

function quantile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

async function startStage(): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const config = identitySection.parse({
    issuers: [{ name: 'nobody', issuer: 'https://nobody.example', audience: 'bench' }],
    taskTokens: { enabled: true, issuer: ISSUER, liveTokens: 1_000_000, liveTokensPerSubject: 1_000_000 },
  });
  const clock = systemClock;
  const issuer = new TaskTokenIssuer(config, ISSUER, join(directory, 'keys.json'), clock);
  const provider = createIdentityProvider(config, { clock, taskTokens: issuer });
  const storage = await openStorage(storageSection.parse({ directory: join(directory, 'store') }), { clock });
  const audit = createAudit(auditSection.parse({ directory: join(directory, 'audit') }), { clock });
  const report = (fault: unknown): never => {
    throw fault;
  };
  const ledger = createLedger({ store: storage.taskTokens, clock, report });
  const { exchange } = createExchange({
    ...{ config: config.taskTokens, issuer, verifier: provider, ledger, store: storage.taskTokens },
    ...{ audit, clock, isTarget: () => true, isAction: () => true, groupOf: () => null },
    ...{ revoke: async () => [], isSessionToken: () => false },
  });
  const newToken = async (jkt?: string): Promise<string> => {
    const id = issuer.newId();
    const [now, budget] = [clock.now(), { operations: 1_000, rows: 1_000, approvals: 10 }];
    const expiresAt = (Math.floor(now / 1_000) + 900) * 1_000;
    const { operations: operations_limit, rows: rows_limit, approvals: approvals_limit } = budget;
    await storage.taskTokens.issued({
      ...{ id, subject: 'nobody|agent', actor: 'agent-1', task: 't', parent: null, issued_at: now },
      ...{ expires_at: expiresAt, operations_limit, rows_limit, approvals_limit },
    });
    const { tokenId: _, ...plain } = PLAIN_TOKEN;
    return issuer.sign(id, {
      ...plain,
      groupsFrom: { caller: 'A'.repeat(43), issuedAt: now },
      subject: {
        ...{ subject: 'nobody|agent', displayName: 'agent', groups: ['agents'] },
        ...{ actor: 'agent-1', aliases: ['agent'] },
      },
      ...{ task: 't', delegation: ['agent-1#w'], targets: ['db'], actions: ['read'], budget },
      ...{ ancestors: [], origin: 'A'.repeat(43), expiresAt },
      confirmation: jkt === undefined ? null : { jkt, x5tS256: null },
    });
  };
  return {
    provider,
    newToken,
    exchange: (token) =>
      exchange(new URLSearchParams(exchangeForm(token, {})).toString(), NOTHING, '127.0.0.1'),
    async close() {
      await ledger.close();
      await storage.close();
      await audit.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
