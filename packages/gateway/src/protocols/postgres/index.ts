import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { Caller, Door, Protocol } from '../protocol.ts';
import { acceptPostgres } from './accept.ts';
import { CancelKeys } from './cancel-keys.ts';
import { ROLL_BACKS } from './messages.ts';
import { relay } from './relay.ts';
import { StudyRoom } from './study/index.ts';
import { CatalogShelf } from './target-catalog.ts';
import { traceparentOf } from './traceparent.ts';
import { transcribe } from './transcribe.ts';

export interface PostgresOptions {
  readonly random: (bytes: number) => Buffer;
  readonly clock: Clock;
}

/** PostgreSQL's protocol 3, from either side. */
export function createPostgresProtocol(options: PostgresOptions): Protocol & { close(): Promise<void> } {
  const cancelKeys = new CancelKeys(options.random);
  const catalogs = new CatalogShelf(options.clock);
  const studies = new StudyRoom(options.clock);
  return {
    name: 'postgres',
    rollBacks: ROLL_BACKS,
    async accept(socket: Socket, door: Door): Promise<Caller | null> {
      const caller = await acceptPostgres(socket, door, cancelKeys);
      if (caller === null) return null;
      return { ...caller.facts, relay: (line) => relay({ caller, line, catalogs, cancelKeys }) };
    },
    transcribe,
    traceparent: ({ text }) => traceparentOf(text),
    study: (facet, source) => studies.open(facet, source),
    close: async () => void (await Promise.all([catalogs.close(), studies.close()])),
  };
}
