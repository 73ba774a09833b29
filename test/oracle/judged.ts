/** A statement from its text to what would become of it: our binder over a real catalog, then the real decision point. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Asking, decide } from '../../packages/gateway/src/data-path/decide.ts';
import { Uses } from '../../packages/gateway/src/data-path/risk.ts';
import { PLAIN_TOKEN } from '../../packages/gateway/src/identity/index.ts';
import { createMasking, maskingSection } from '../../packages/gateway/src/masking/index.ts';
import {
  createDecisionPoint,
  type Decision,
  policySection,
  type SessionContext,
} from '../../packages/gateway/src/policy/index.ts';
import {
  applyEffects,
  createParser,
  createStatementBinder,
  initialSessionState,
  keepCatalog,
  type StatementMeaning,
} from '../../packages/gateway/src/protocols/postgres/statement/index.ts';
import type { PostgresServer } from '../fixtures/postgres-server.ts';

export interface Judged {
  readonly outcome: 'permit' | 'hold' | 'deny';
  /** Why not, in the words of the decision; empty for a permit. */
  readonly reason: string;
  readonly policies: readonly string[];
  readonly meaning: StatementMeaning;
}

export interface Court {
  /** A session of this caller's: judges texts one after the other, each taken as if it had been forwarded. */
  session(caller: SessionContext): (text: string) => Promise<Judged>;
  /** The catalog is read anew. */
  changed(): void;
  close(): Promise<void>;
}

/** `policies` is a folder, or Cedar text. */
export async function openCourt(
  server: PostgresServer,
  database: string,
  policies: { readonly directory: string } | { readonly text: string },
): Promise<Court> {
  const own = 'text' in policies ? mkdtempSync(join(tmpdir(), 'sallyport-court-')) : null;
  if (own !== null && 'text' in policies) writeFileSync(join(own, 'court.cedar'), policies.text);
  const directory = own ?? ('directory' in policies ? policies.directory : '');
  const decisionPoint = await createDecisionPoint(policySection.parse({ directory, watch: false }), {
    audit: { append: () => undefined },
    classes: ['email'],
  });
  const query = async (sql: string): Promise<string[][]> => {
    const rows = await server.query(sql, database);
    return rows.map((row) => Object.values(row).map((value) => (typeof value === 'string' ? value : '')));
  };
  const masking = createMasking(maskingSection.parse({}));
  const clock = { now: () => Date.now(), elapsed: () => performance.now() };
  const parser = createParser();
  const catalog = keepCatalog(query, clock);
  const binder = createStatementBinder({ database, parser, catalog });
  return {
    session(caller) {
      const state = initialSessionState({ session_authorization: 'postgres' });
      const decisions = { get: () => undefined, set: () => undefined };
      const house = { decisionPoint, masking, workingHours: null, clock, uses: new Uses() };
      const { identity } = caller;
      const session: Asking = { context: caller, identity, target: 'db', house, decisions };
      return async (text) => {
        const meaning = await binder.bind(text, state);
        applyEffects(state, meaning);
        return told(meaning, await decide(session, { meaning }));
      };
    },
    changed: () => catalog.changed(),
    async close() {
      await parser.close();
      await decisionPoint.close();
      if (own !== null) rmSync(own, { recursive: true, force: true });
    },
  };
}

function told(meaning: StatementMeaning, decision: Decision): Judged {
  const { policies } = decision;
  if (decision.effect === 'permit') return { outcome: 'permit', reason: '', policies, meaning };
  const outcome = decision.approvals === null ? 'deny' : 'hold';
  return { outcome, reason: decision.reason, policies, meaning };
}

/** A caller of these groups. */
export function callerOf(groups: readonly string[], person: boolean): SessionContext {
  const identity = {
    subject: 'issuer|someone',
    displayName: 'someone',
    groups,
    actor: person ? null : 'agent-1',
    task: person ? null : 'look-around',
    kind: person ? ('person' as const) : ('machine' as const),
    expiresAt: Number.MAX_SAFE_INTEGER,
    aliases: [],
    ...PLAIN_TOKEN,
  };
  return { identity, target: 'db', protocol: 'postgres', secure: true, access: 'read-write' };
}
