/** Statements understood without a client: for tools that ask what policy would say. Nothing of theirs is carried out. */
import { type MaybePromise, whenReady } from '../../../lib/async.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Meaning, StudiedSession, Study, StudySource } from '../../protocol.ts';
import { judgedAs } from '../reveal-setting.ts';
import {
  applyEffects,
  createParser,
  createStatementBinder,
  initialSessionState,
  type Parser,
  type SessionState,
  type StatementBinder,
  type StatementMeaning,
} from '../statement/index.ts';
import { type KnownTarget, knowTarget } from './known-target.ts';

/** Every study of this process, and the one parser they share. */
export class StudyRoom {
  readonly #clock: Clock;
  #parser: Parser | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects when the source cannot be read. */
  async open(facet: string, source: StudySource): Promise<Study> {
    const known = await knowTarget(source, this.#clock);
    this.#parser ??= createParser();
    const { catalog } = known;
    const binder = createStatementBinder({ database: facet, parser: this.#parser, catalog });
    const { sampleTables } = known;
    return {
      begin: () => new StatementSession(binder, known),
      save: () => known.save(),
      ...(sampleTables === undefined ? {} : { sampleTables }),
    };
  }

  async close(): Promise<void> {
    await this.#parser?.close();
  }
}

class StatementSession implements StudiedSession {
  readonly #binder: StatementBinder;
  readonly #state: SessionState;
  /** Meanings are frozen and shared; what a tool hands back must be one of this binder's. */
  readonly #understood = new WeakSet<Meaning>();

  constructor(binder: StatementBinder, { facts, sessionLimits }: KnownTarget) {
    this.#binder = binder;
    this.#state = initialSessionState(facts, sessionLimits);
  }

  understand(text: string): MaybePromise<Meaning> {
    return whenReady(this.#binder.bind(text, this.#state), (meaning) => {
      this.#understood.add(meaning);
      return judgedAs(text, meaning);
    });
  }

  forwarded(meaning: Meaning): void {
    if (this.#isOwn(meaning) && meaning.effects.length > 0) applyEffects(this.#state, meaning);
  }

  succeeded(meaning: Meaning): void {
    if (this.#isOwn(meaning)) this.#state.succeeded(meaning);
  }

  #isOwn(meaning: Meaning): meaning is StatementMeaning {
    return this.#understood.has(meaning);
  }
}
