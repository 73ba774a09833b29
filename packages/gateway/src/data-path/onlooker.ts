import type { Denial, Line, Protocol } from '../protocols/protocol.ts';
import type { Session } from './session.ts';

/** Looks on at what passes: it is told, never asked, holds nothing up, and never throws. */
export interface Onlooker {
  /** Somebody came, with a credential that nobody has looked at. */
  arrived(protocol: Protocol): Attendant;
}

/** Goes along with one connection, from its credential to its end; told in this order. */
export interface Attendant {
  /** Who it is, and that they may connect; or why not, and then nothing follows. */
  authenticated(outcome: Session | Denial): void;
  /** The target was reached; or why not, and then nothing follows. */
  reached(denial: Denial | null): void;
  /** The line as the relay is to use it: every answer is the data path's own, with a tape that tells of its end. */
  along(line: Line): Line;
  /** It is over, and so is whatever was under way. */
  left(): void;
}
