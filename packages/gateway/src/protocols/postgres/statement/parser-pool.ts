/**
 * Keeps one parser worker alive. A hostile text can exhaust a wasm parser's stack or memory and leave it broken for
 * every text after, so a worker that fails in any way but a syntax error, or is too slow, is thrown away.
 */
import { Worker } from 'node:worker_threads';
import type { BodyKind, BodyText, Draft } from './meaning.ts';
import { type ParseAnswer, type ParseRequest, READY } from './parser-messages.ts';

export interface ParserLimits {
  /** Longest text that is parsed, in UTF-8 bytes; at most 4 MiB, whatever is asked for. */
  readonly statementBytes: number;
  /** Most statements in one text. */
  readonly statements: number;
  /** Deepest nesting of parentheses and brackets. */
  readonly nesting: number;
  /** Time for one text, in milliseconds of the processor: a busy machine is no text's doing. */
  readonly deadlineMs: number;
  /** Texts waiting for the worker. */
  readonly queue: number;
}

export const DEFAULT_PARSER_LIMITS: ParserLimits = {
  statementBytes: 1_048_576,
  statements: 100,
  nesting: 500,
  deadlineMs: 1000,
  queue: 1024,
};

const MB = 1_048_576;
/**
 * A worker that reaches its heap limit inside one large allocation takes the whole process with it, so the limit must
 * be out of reach: the largest tree measured for a text of 1 MiB takes 300 MB.
 */
const HEAP_MB = 256;
const HEAP_MB_PER_MB = 1024;
/** No limit on statements may be larger than this. */
const LARGEST_STATEMENT = 4 * MB;
/** A worker that read a text of this size is replaced, because a wasm memory never shrinks. */
const LARGE_TEXT = 128 * 1024;
/** Enough for chains of 100 000 operators, which the grammar nests. */
const STACK_MB = 48;

/** Deepest nesting of comments. */
const COMMENTS = 5000;

/** Time for a worker to start, in milliseconds. */
const LOADING_MS = 10_000;
/** Times a text may have its time again because the process was not given the processor meanwhile (L10). */
const EXTENSIONS = 9;

export interface Parser {
  /** The draft of a text, or why there is none. Never rejects. */
  parse(text: string, database: string, form: string | null): Promise<Draft | string>;
  /** The same for a text out of the catalog. */
  parseBody(body: BodyText, database: string): Promise<Draft | string>;
  close(): Promise<void>;
}

interface Waiting {
  readonly request: ParseRequest;
  readonly resolve: (result: Draft | string) => void;
}

export function createParser(limits: ParserLimits = DEFAULT_PARSER_LIMITS): Parser {
  return new WorkerParser(limits);
}

class WorkerParser implements Parser {
  readonly #limits: ParserLimits;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | null = null;
  #ready = false;
  #current: Waiting | null = null;
  #deadline: NodeJS.Timeout | null = null;
  #nextId = 1;
  #closed = false;

  constructor(limits: ParserLimits) {
    this.#limits = { ...limits, statementBytes: Math.min(limits.statementBytes, LARGEST_STATEMENT) };
  }

  parse(text: string, database: string, form: string | null): Promise<Draft | string> {
    return this.#ask(text, database, form);
  }

  parseBody({ kind, text }: BodyText, database: string): Promise<Draft | string> {
    return this.#ask(text, database, '', kind);
  }

  #ask(text: string, database: string, form: string | null, kind?: BodyKind): Promise<Draft | string> {
    const refused = this.#closed ? 'the parser is shut down' : refusal(text, this.#limits);
    if (refused !== null) return Promise.resolve(refused);
    if (this.#waiting.length >= this.#limits.queue)
      return Promise.resolve('too many statements wait to be parsed');
    return new Promise((resolve) => {
      const { statements } = this.#limits;
      const own = kind === undefined ? {} : { kind };
      const request: ParseRequest = { id: this.#nextId, text, database, form, statements, ...own };
      this.#nextId += 1;
      this.#waiting.push({ request, resolve });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#finish('the parser is shut down');
    for (const one of this.#waiting.splice(0)) one.resolve('the parser is shut down');
    await this.#discard();
  }

  #next(): void {
    if (this.#current !== null || this.#closed) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#worker?.unref();
      return;
    }
    this.#current = next;
    const worker = this.#worker ?? this.#spawn();
    worker.ref();
    worker.postMessage(next.request);
    // A fresh worker has to load first; that is not the text's doing.
    this.#allow(this.#ready ? this.#limits.deadlineMs : LOADING_MS);
  }

  /** Gives the text that is being parsed so many milliseconds from now, and more while nobody had the processor. */
  #allow(time: number, extensions = EXTENSIONS, since = process.cpuUsage()): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      const { user, system } = process.cpuUsage(since);
      // Of all threads: what the others take only makes it shorter.
      if (extensions > 0 && (user + system) / 1000 < time) this.#allow(time, extensions - 1, since);
      else this.#fail('parsing took too long');
    }, time);
  }

  #spawn(): Worker {
    const worker = new Worker(new URL('./parser-worker.ts', import.meta.url), {
      resourceLimits: {
        stackSizeMb: STACK_MB,
        maxOldGenerationSizeMb: HEAP_MB + Math.ceil((HEAP_MB_PER_MB * this.#limits.statementBytes) / MB),
      },
      // The worker gets no environment: it has no use for secrets.
      env: {},
      stdout: true,
      stderr: true,
    });
    this.#worker = worker;
    this.#ready = false;
    // As text: to copy a draft as a structure costs a multiple.
    worker.on('message', (answer: string) => {
      if (answer === READY) this.#loaded(worker);
      else this.#answered(worker, JSON.parse(answer) as ParseAnswer);
    });
    worker.on('error', () => this.#died(worker));
    worker.on('exit', () => this.#died(worker));
    return worker;
  }

  #loaded(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#ready = true;
    if (this.#current !== null) this.#allow(this.#limits.deadlineMs);
  }

  #answered(worker: Worker, answer: ParseAnswer): void {
    if (worker !== this.#worker || answer.id !== this.#current?.request.id) return;
    if (answer.broken || answer.draft === null) this.#fail('the parser failed on the text');
    else {
      if (this.#current.request.text.length > LARGE_TEXT) void this.#discard();
      this.#finish(answer.draft);
    }
    this.#next();
  }

  #died(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#fail('the parser failed on the text');
  }

  #fail(why: string): void {
    void this.#discard();
    this.#finish(why);
    this.#next();
  }

  #finish(result: Draft | string): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
    const done = this.#current;
    this.#current = null;
    done?.resolve(result);
  }

  async #discard(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}

/** Why a text is not even given to the parser, or null. */
function refusal(text: string, limits: ParserLimits): string | null {
  if (text.length > limits.statementBytes || Buffer.byteLength(text) > limits.statementBytes) {
    return `the text is longer than statementBytes, ${limits.statementBytes} bytes`;
  }
  // The parser would stop reading at a NUL, the server might not.
  if (text.includes('\0')) return 'the text contains a NUL';
  if (!text.isWellFormed()) return 'the text is not well-formed';
  // Its lexer takes time in the square of this.
  if (comments(text) > COMMENTS) return `comments nest deeper than ${COMMENTS} levels`;
  return nesting(text) > limits.nesting ? `the text nests deeper than ${limits.nesting} levels` : null;
}

/** How deep comments could nest (scan.l, xc): quotes are not looked at here, either. */
function comments(text: string): number {
  let depth = 0;
  let deepest = 0;
  let closedAt = -1;
  for (let at = text.indexOf('*'); at !== -1; at = text.indexOf('*', at + 1)) {
    // The slash that ends one comment begins no other.
    if (text.charCodeAt(at - 1) === 47 && at - 1 !== closedAt) depth += 1;
    else if (text.charCodeAt(at + 1) === 47) {
      depth = Math.max(0, depth - 1);
      closedAt = at + 1;
    }
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

/** Roughly how deep parentheses and brackets nest: quotes are not looked at, what slips through is the worker's to survive. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 40 || code === 91) depth += 1;
    else if ((code === 41 || code === 93) && depth > 0) depth -= 1;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}
