/**
 * What an interruption does to a connection, in every state it may find it in. Pure; relay.ts acts on it.
 *
 *     idle ──head──► reading ──body──► deciding ──permit──► forwarding ──reply──► answering ──written──► idle
 *                       └──────────────────┴───── deny ─────────────────────────►─┘
 */
export type State = 'idle' | 'reading' | 'deciding' | 'forwarding' | 'answering';

export type Interruption =
  /** The session must end: revoked, expired, shutting down. */
  | 'ended'
  /** The client closed its connection. */
  | 'gone'
  /** The client sent bytes that are not HTTP. */
  | 'malformed'
  /** The target's side closed or broke the rules. */
  | 'target-closed'
  /** A named time limit was passed. */
  | 'late';

export type Reaction =
  /** Nothing more can or needs to be said. */
  | 'close'
  /** The request under way is answered with the reason, then the connection is closed. */
  | 'refuse'
  /** There is no request to answer: the reason is written as an answer of its own, then the connection is closed. */
  | 'complain'
  /** The answer being written is finished first, then the connection is closed. */
  | 'finish';

export const reactions: Readonly<Record<State, Readonly<Record<Interruption, Reaction>>>> = {
  idle: { ended: 'close', gone: 'close', malformed: 'complain', 'target-closed': 'close', late: 'close' },
  reading: { ended: 'refuse', gone: 'close', malformed: 'refuse', 'target-closed': 'refuse', late: 'refuse' },
  // Behind bytes that are not HTTP the client cannot be watched any more, so nothing may go on waiting for it …
  deciding: {
    ended: 'refuse',
    gone: 'close',
    malformed: 'refuse',
    'target-closed': 'refuse',
    late: 'refuse',
  },
  // … but what runs already is answered.
  forwarding: {
    ended: 'refuse',
    gone: 'close',
    malformed: 'finish',
    'target-closed': 'refuse',
    late: 'refuse',
  },
  answering: {
    ended: 'finish',
    gone: 'close',
    malformed: 'finish',
    'target-closed': 'finish',
    late: 'close',
  },
};
