import type { Socket } from 'node:net';
import type { Caller, Door, Protocol } from '../protocol.ts';
import { acceptCaller } from './accept.ts';
import { createBinding } from './binding.ts';
import type { HttpOptions } from './section.ts';
import { studyRequests } from './study.ts';
import { traceparentOf } from './traceparent.ts';
import { transcribe } from './transcript.ts';

/**
 * HTTP/1.1 as a reverse proxy, deliberately small: `GET /<target>/<path>` with a bearer token. One connection is one
 * session, one request is one operation, requests and replies are whole before anything is decided or delivered.
 *
 *     client ─► node:http parser ─► request-head ─► binding ─► Line.submit ─► upstream (through TargetLink)
 *     client ◄─ problem+json / masked reply ◄─ reply-mask ◄─ reply-head ◄──────┘
 */
export function createHttpProtocol(options: HttpOptions): Protocol {
  const bind = createBinding();
  return {
    name: 'http',
    rollBacks: [],
    accept: (socket: Socket, door: Door): Promise<Caller | null> =>
      acceptCaller(socket, door, { options, bind }),
    transcribe,
    traceparent: ({ text }) => traceparentOf(text),
    study: async () => studyRequests(bind, options),
  };
}
