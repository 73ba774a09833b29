import type { FastifyInstance } from 'fastify';
import { hasDuplicateMember } from '../lib/duplicate-members.ts';
import { Refused } from './problem.ts';

/** JSON in UTF-8 (RFC 8259, 8.1), and nothing else. */
const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads bodies so that there is one way to understand them: no member twice, none that reaches for a prototype. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, async (_request: unknown, bytes: Buffer) => {
    const { text, value } = parse(bytes);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
    if (hasDuplicateMember(text)) throw malformed();
    return value;
  });
}

function parse(bytes: Buffer): { readonly text: string; readonly value: unknown } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // A reviver is told every name, escapes resolved.
    const value: unknown = JSON.parse(text, (name, one) => {
      if (FORBIDDEN.has(name)) throw malformed();
      return one;
    });
    return { text, value };
  } catch {
    throw malformed();
  }
}

function malformed(): Refused {
  return new Refused(400, 'bad-request', 'The body is not one JSON object, each member once.');
}
