/** What an agent puts in its names and values, on the terminal of whoever decides about it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessRequest } from '@sallyport/contract';
import { details } from '../../../packages/cli/src/commands/requests.ts';
import { createPaint, jsonText } from '../../../packages/cli/src/terminal.ts';

/** Every character that could move a cursor, hide, or turn the reading direction. */
const HOSTILE = '\u001b[2J\u009b31m\u0007\u202eevil\u2066\u200b\u2028\ufeff\u{e0041}\u007f';
const ACTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test('JSON for programs is also harmless on a terminal, and still the same JSON [cli.hostile]', () => {
  const value = { [HOSTILE]: [HOSTILE, 1, null] };
  assert.doesNotMatch(jsonText(value), ACTS);
  assert.deepEqual(JSON.parse(jsonText(value)), value);
  assert.doesNotMatch(jsonText(value, 2).replaceAll('\n', ''), ACTS);
  assert.deepEqual(JSON.parse(jsonText(value, 2)), value);
});

test('an access request shows every space of a value, and no field of it can act or pass for another [cli.hostile]', () => {
  const request = {
    ...{
      id: 'ar-1',
      sessionId: HOSTILE,
      subject: HOSTILE,
      displayName: HOSTILE,
      actor: HOSTILE,
      task: HOSTILE,
    },
    ...{ target: HOSTILE, digest: HOSTILE, text: `${HOSTILE}\nexpires  never`, form: HOSTILE },
    mode: 'return',
    shown: {
      ...{ touches: [HOSTILE, `${HOSTILE}\nexpires  never`], touchesLeftOut: 3, rows: 7 },
      ...{
        risk: { score: 1, reasons: [HOSTILE] },
        policies: [HOSTILE],
        stated: `${HOSTILE}\nexpires  never`,
      },
      ...{ history: { first: [HOSTILE], permitted: 1, denied: 2 }, grantSeconds: 60 },
    },
    parameters: [' two  spaces ', `line\nexpires  never`, HOSTILE],
    requirements: [{ group: HOSTILE, seats: 1 }],
    ...{ reason: HOSTILE, state: 'pending', redeemedAt: null, endedAt: null, decidable: true },
    createdAt: new Date(0).toISOString(),
    expiresAt: new Date(0).toISOString(),
    tokenId: null,
    delegation: [HOSTILE],
    decisions: [
      {
        ...{ approver: HOSTILE, approverName: HOSTILE, verdict: 'approve', reason: HOSTILE },
        ...{ decidedAt: new Date(0).toISOString(), grantSeconds: 60, withdrawnAt: null },
      },
    ],
  } satisfies AccessRequest as AccessRequest;
  const lines = details(request, { paint: createPaint(false) });
  for (const line of lines) assert.doesNotMatch(line, ACTS);
  assert.equal(lines.filter((line) => line.startsWith('expires')).length, 1);
  assert.ok(lines.some((line) => line.endsWith(' two  spaces ')));
});
