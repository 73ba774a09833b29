import type { Line, Permit, TargetLink } from '../protocol.ts';
import { runQuery } from './catalog-query.ts';

/** How long the connection is kept for the next question, in milliseconds. */
const IDLE_MS = 30_000;

type Rows = readonly (readonly string[])[];
type OwnLink = TargetLink & { readonly permit: Permit };

/**
 * The gateway's own connection to one database: opened through a session of it, one query at a time, kept for a while.
 * Nothing of a client's ever travels on it.
 */
export class Introspection {
  readonly #facet: string;
  readonly #lines: ReadonlySet<Line>;
  #link: { readonly line: Line; readonly link: OwnLink } | null = null;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** `lines` are the sessions that are open now; it is read whenever a connection is needed. */
  constructor(facet: string, lines: ReadonlySet<Line>) {
    this.#facet = facet;
    this.#lines = lines;
  }

  /** Rejects when no session is left to ask through, or when the target does not answer as it should. */
  query(sql: string): Promise<Rows> {
    const answer = this.#last.then(() => this.#query(sql));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** A session is over, and what was opened through it must not outlive it. */
  leave(line: Line): void {
    if (this.#link?.line === line) this.#close();
  }

  async #query(sql: string): Promise<Rows> {
    for (;;) {
      clearTimeout(this.#idle);
      const line = this.#link?.line ?? this.#openLine();
      try {
        return await this.#ask(line, sql);
      } catch (fault) {
        // A session that was ended takes what was opened through it with it: others must not lose their answer for that.
        if (!line.over || !this.#isOpen()) throw fault;
      }
    }
  }

  async #ask(line: Line, sql: string): Promise<Rows> {
    const link = this.#link?.link ?? (await this.#open(line));
    try {
      const rows = await runQuery(link, link.permit, sql);
      this.#keep(link);
      return rows;
    } catch (fault) {
      // In what state it is, nobody knows.
      this.#drop(link);
      throw fault;
    }
  }

  #openLine(): Line {
    for (const line of this.#lines) if (!line.over) return line;
    throw new Error('no session is left to read the catalog for');
  }

  #isOpen(): boolean {
    return [...this.#lines].some((line) => !line.over);
  }

  #keep(link: OwnLink): void {
    if (this.#link?.link !== link) return this.#drop(link);
    link.onClose(() => this.#drop(link));
    // Nothing was asked, so whatever the target says now is not worth holding.
    link.onReply(() => this.#drop(link));
    this.#idle = setTimeout(() => this.#close(), IDLE_MS).unref();
  }

  async #open(line: Line): Promise<OwnLink> {
    const link = await line.introspect(this.#facet);
    if (this.#lines.has(line)) this.#link = { line, link };
    return link;
  }

  #drop(link: OwnLink): void {
    if (this.#link?.link === link) this.#link = null;
    link.close();
  }

  #close(): void {
    clearTimeout(this.#idle);
    if (this.#link !== null) this.#drop(this.#link.link);
  }
}
