import type { Attendant, Session } from '../data-path/index.ts';
import type { Denial, Line, Protocol } from '../protocols/protocol.ts';
import { attributesOf, effectOf } from './attributes.ts';
import { along } from './line.ts';
import type { Attributes } from './span.ts';
import type { Stage, Tracer } from './tracer.ts';

/** One connection as a trace of its own, and each of its operations as another. */
export class TracingAttendant implements Attendant {
  readonly #tracer: Tracer;
  readonly #protocol: Protocol;
  readonly #chosen: boolean;
  readonly #arrived: number;
  #authenticated = 0;
  #session: Session | null = null;
  /** Ends what is under way; each takes itself out. */
  readonly #open = new Set<() => void>();

  constructor(tracer: Tracer, protocol: Protocol) {
    this.#tracer = tracer;
    this.#protocol = protocol;
    this.#chosen = tracer.choose();
    this.#arrived = tracer.elapsed();
  }

  authenticated(outcome: Session | Denial): void {
    this.#authenticated = this.#tracer.elapsed();
    if ('code' in outcome) this.#keep([this.#authenticate(outcome)], outcome);
    else this.#session = outcome;
  }

  reached(denial: Denial | null): void {
    if (denial === null && !this.#chosen) return;
    const reach: Stage = {
      name: 'reach',
      start: this.#authenticated,
      end: this.#tracer.elapsed(),
      ...(denial === null ? {} : { failure: denial.code }),
    };
    this.#keep([this.#authenticate(null), reach], denial);
  }

  along(line: Line): Line {
    const session = this.#session;
    if (session === null) return line;
    return along(line, { session, tracer: this.#tracer, protocol: this.#protocol, open: this.#open });
  }

  left(): void {
    for (const end of this.#open) end();
  }

  #authenticate(denial: Denial | null): Stage {
    const { name, start, end } = {
      name: 'authenticate',
      start: this.#arrived,
      end: this.#authenticated,
    } as const;
    return { name, start, end, ...(denial === null ? {} : { failure: denial.code }) };
  }

  #keep(children: readonly Stage[], denial: Denial | null): void {
    const session = this.#session;
    const known = session === null ? {} : attributesOf(session, this.#tracer.identities);
    const attributes: Attributes = {
      'sallyport.protocol': this.#protocol.name,
      ...known,
      'sallyport.actions': ['connect'],
      ...effectOf(denial),
    };
    const root: Stage = {
      name: 'connect',
      start: this.#arrived,
      end: this.#tracer.elapsed(),
      attributes,
      ...(denial === null ? {} : { failure: denial.code }),
    };
    this.#tracer.keep(root, children, null, this.#chosen);
  }
}
