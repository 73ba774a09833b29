/** What the tests of this room share: a directory of policies, an audit log that remembers, sessions. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AuditEntry } from '../audit/index.ts';
import { PLAIN_TOKEN } from '../identity/index.ts';
import type { Evaluation, ResourceType } from '../protocols/protocol.ts';
import { policySection } from './config.ts';
import type { SessionContext } from './decision.ts';
import { createDecisionPoint, type DecisionPointDeps, type PolicyDecisionPoint } from './decision-point.ts';

/** A fresh directory with these files, gone when the test ends. */
export function policyFiles(test: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'policies-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

/** A decision point over a directory, closed when the test ends, with its audit entries. */
export async function pointOver(
  test: TestContext,
  directory: string,
  options: {
    watch?: boolean;
    limits?: Record<string, number>;
    classes?: string[];
    audit?: DecisionPointDeps['audit'];
  } = {},
): Promise<PolicyDecisionPoint & { readonly entries: readonly AuditEntry[] }> {
  const entries: AuditEntry[] = [];
  const audit = options.audit ?? { append: (entry: AuditEntry) => void entries.push(entry) };
  const { watch = false, limits = {}, classes = ['email', 'payment-card'] } = options;
  const point = await createDecisionPoint(policySection.parse({ directory, watch, limits }), {
    audit,
    classes,
  });
  test.after(() => point.close());
  return Object.assign(point, { entries });
}

/** A session of a member of these groups. */
export function sessionOf(
  groups: readonly string[],
  other: { person?: boolean; target?: string; task?: string } = {},
): SessionContext {
  const { person = false, target = 'prod', task = null } = other;
  const identity = {
    subject: 'issuer|someone',
    displayName: 'someone',
    groups,
    actor: person ? null : 'bot-7',
    task,
    kind: person ? ('person' as const) : ('machine' as const),
    expiresAt: Number.MAX_SAFE_INTEGER,
    aliases: [],
    ...PLAIN_TOKEN,
  };
  return { identity, target, protocol: 'postgres', secure: true, access: 'read-write' };
}

/** `ask('select', 'Table', 'shop/public/orders')`: parts are split at slashes; nothing at all is the empty path. */
export function ask(action: string, type: ResourceType, path = ''): Evaluation {
  return { action, resource: { type, path: path === '' ? [] : path.split('/') } };
}
