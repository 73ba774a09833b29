/** Rows for tests only. */
import type { OpenedAccessRequest, StartedSession } from './index.ts';

export function request(id: string, overrides: Partial<OpenedAccessRequest> = {}): OpenedAccessRequest {
  return {
    id,
    session_id: 's',
    subject: 'main|alice',
    display_name: 'Alice',
    actor: null,
    task: null,
    target: 'shop',
    digest: 'd',
    text: 'SELECT topsecret',
    form: 'SELECT $1',
    parameters: '["hushhush"]',
    requirements: '[]',
    reason: 'r',
    state: 'pending',
    created_at: 1,
    expires_at: 2,
    ended_at: null,
    redeemed_at: null,
    requester: null,
    token_id: null,
    delegation: null,
    mode: 'hold',
    shown: null,
    ...overrides,
  };
}

export function session(id: string, overrides: Partial<StartedSession> = {}): StartedSession {
  return {
    id,
    subject: 'main|alice',
    display_name: 'Alice',
    actor: null,
    task: null,
    target: 'shop',
    facet: 'db',
    protocol: 'postgres',
    client: 'psql',
    started_at: 1,
    recording: null,
    ...overrides,
  };
}
