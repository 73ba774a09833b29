import { createHash, createHmac, hash } from 'node:crypto';
import type { Operation } from '../protocols/protocol.ts';

/** What an approval and an entry are bound to beside the operation itself (L3). */
export interface DigestScope {
  /** Random for each session, kept in its recording: without it, a digest gives away nothing by guessing. */
  readonly salt: string;
  readonly target: string;
  readonly facet: string;
  readonly subject: string;
  readonly actor: string | null;
  readonly policyVersion: string;
}

/** The start of every digest of one scope. JSON, so no field can run into the next. */
export function digestPrefix(scope: DigestScope): string {
  const { salt, target, facet, subject, actor, policyVersion } = scope;
  return `${JSON.stringify([salt, target, facet, subject, actor, policyVersion])}\n`;
}

/**
 * SHA-256, hex, over the scope, the parameters (count, then each length and bytes; −1 for null) and the exact text.
 * The text comes last, so that nothing in it can pass for a parameter.
 */
export function operationDigest(prefix: string, operation: Operation): string {
  const { text, parameters, parameterForms = [] } = operation;
  if (parameters.length === 0) return hash('sha256', `${prefix}0\n${text}`);
  const digest = createHash('sha256').update(`${prefix}${parameters.length}\n`);
  // The same bytes mean another value in another form.
  if (parameterForms.length > 0) digest.update(`${parameterForms.join(' ')}\n`);
  for (const value of parameters) {
    digest.update(value === null ? '-1\n' : `${value.byteLength}\n`);
    if (value !== null) digest.update(value);
  }
  return digest.update(text).digest('hex');
}

/** What an access request is bound to that outlives the session it was asked in. */
export interface RequestScope {
  readonly target: string;
  readonly facet: string;
  readonly subject: string;
  readonly actor: string | null;
  readonly task: string | null;
  readonly policyVersion: string;
  /** What the text does, where it would run: a session can change what its names mean. */
  readonly substance: string;
}

/**
 * HMAC-SHA256, hex, over the scope and the operation's own digest. Keyed rather than salted: the same in every session of
 * one identity, and still nothing that guessing tells.
 */
export function requestDigest(key: string, scope: RequestScope, operation: Operation): string {
  const { target, facet, subject, actor, task, policyVersion, substance } = scope;
  const bound = JSON.stringify([target, facet, subject, actor, task, policyVersion, substance]);
  return createHmac('sha256', key)
    .update(`${bound}\n${operationDigest('', operation)}`)
    .digest('hex');
}
