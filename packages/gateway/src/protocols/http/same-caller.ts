import { createHash, timingSafeEqual } from 'node:crypto';
import type { DenialCode } from '../protocol.ts';
import type { RequestHead } from './request-head.ts';

/** How a request that is not of the session's caller is refused. */
export interface Strangeness {
  readonly status: 401 | 421;
  readonly code: DenialCode;
  readonly reason: string;
}

/** Why a later request on a connection is not of the caller who opened it, or null. A session is one caller at one target. */
export function strangeness(opened: RequestHead, head: RequestHead): Strangeness | null {
  // Digests have one length, so the comparison tells nothing of either token, not even that.
  if (!timingSafeEqual(digest(opened.credential), digest(head.credential))) {
    const reason = 'this connection was opened with another token: open a new connection for this one';
    return { status: 401, code: 'unauthenticated', reason };
  }
  if (head.route.target !== opened.route.target) {
    const reason = `this connection is for "${opened.route.target}": open a new connection for another target`;
    return { status: 421, code: 'unknown-target', reason };
  }
  return null;
}

function digest(credential: string): Buffer {
  return createHash('sha256').update(credential).digest();
}
