/**
 * A file of psql as the statements it sends: enough of psql's language for PostgreSQL's own regression files. Commands
 * that ask psql itself for something (\d and its like) send statements of psql's own and are left out.
 */

/** One text psql sends, with the rows that follow it in the file when it is a COPY from the client. */
export interface ScriptStatement {
  readonly sql: string;
  readonly rows: string | null;
  readonly line: number;
}

const WORD = /[a-zA-Z0-9_\u0080-\uffff$]/;

/** The statements of a file. `environment` is what \getenv reads. */
export function statementsOf(
  script: string,
  environment: Readonly<Record<string, string>>,
): readonly ScriptStatement[] {
  return new Script(script, environment).read();
}

class Script {
  readonly #text: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #variables = new Map<string, string>();
  readonly #found: ScriptStatement[] = [];
  #at = 0;
  #statement = '';
  #start = 0;
  #depth = 0;
  /** BEGIN ATOMIC and CASE that wait for their END, in a statement that makes a function. */
  #blocks = 0;

  constructor(text: string, environment: Readonly<Record<string, string>>) {
    this.#text = text;
    this.#environment = environment;
  }

  read(): readonly ScriptStatement[] {
    while (this.#at < this.#text.length) this.#step();
    return this.#found;
  }

  #step(): void {
    const text = this.#text;
    const at = this.#at;
    const char = text[at] as string;
    const two = text.slice(at, at + 2);
    if (two === '--') this.#skipTo(this.#lineEnd(at));
    else if (two === '/*') this.#comment();
    else if (char === "'")
      this.#quoted("'", /[eE]$/.test(this.#statement) && !/\w[eE]$/.test(this.#statement));
    else if (char === '"') this.#quoted('"', false);
    else if (char === '$' && this.#dollar()) return;
    else if (char === '\\') this.#command();
    else if (char === ':' && two !== '::' && text[at - 1] !== ':' && this.#variable()) return;
    else if (char === ';' && this.#depth === 0 && this.#blocks === 0) this.#finish(at + 1);
    else if (WORD.test(char)) this.#word();
    else {
      if (char === '(') this.#depth += 1;
      else if (char === ')' && this.#depth > 0) this.#depth -= 1;
      this.#take(1);
    }
  }

  #take(length: number): void {
    if (this.#statement.trim() === '') this.#start = this.#at;
    this.#statement += this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
  }

  #skipTo(end: number): void {
    this.#statement += ' ';
    this.#at = end;
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end < 0 ? this.#text.length : end;
  }

  #comment(): void {
    let depth = 0;
    let at = this.#at;
    do {
      if (this.#text.startsWith('/*', at)) depth += 1;
      else if (this.#text.startsWith('*/', at)) depth -= 1;
      else {
        at += 1;
        continue;
      }
      at += 2;
    } while (depth > 0 && at < this.#text.length);
    this.#take(at - this.#at);
  }

  #quoted(quote: string, escapes: boolean): void {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== quote) {
      end += escapes && this.#text[end] === '\\' ? 2 : 1;
    }
    this.#take(end + 1 - this.#at);
  }

  #dollar(): boolean {
    const tag = /^\$([A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/.exec(
      this.#text.slice(this.#at, this.#at + 64),
    )?.[0];
    if (tag === undefined) return false;
    const end = this.#text.indexOf(tag, this.#at + tag.length);
    this.#take((end < 0 ? this.#text.length : end + tag.length) - this.#at);
    return true;
  }

  #word(): void {
    let end = this.#at;
    while (end < this.#text.length && WORD.test(this.#text[end] as string)) end += 1;
    const word = this.#text.slice(this.#at, end).toLowerCase();
    const makes = /^\s*create\s+(or\s+replace\s+)?(function|procedure)\b/i.test(this.#statement);
    if (makes && this.#depth === 0) {
      if (word === 'begin' || (word === 'case' && this.#blocks > 0)) this.#blocks += 1;
      else if (word === 'end' && this.#blocks > 0) this.#blocks -= 1;
    }
    this.#take(end - this.#at);
  }

  #variable(): boolean {
    const match = /^:(?:'(\w+)'|"(\w+)"|(\w+))/.exec(this.#text.slice(this.#at, this.#at + 100));
    const name = match?.[1] ?? match?.[2] ?? match?.[3];
    const value = name === undefined ? undefined : this.#variables.get(name);
    if (match === null || value === undefined) return false;
    if (this.#statement.trim() === '') this.#start = this.#at;
    if (match[1] !== undefined) this.#statement += `'${value.replaceAll("'", "''")}'`;
    else if (match[2] !== undefined) this.#statement += `"${value.replaceAll('"', '""')}"`;
    else this.#statement += value;
    this.#at += match[0].length;
    return true;
  }

  #finish(next: number): void {
    const sql = this.#statement.trim();
    this.#statement = '';
    this.#at = next;
    this.#depth = 0;
    this.#blocks = 0;
    if (sql === '') return;
    let rows: string | null = null;
    if (/^copy\b/i.test(sql) && /\bfrom\s+stdin\b/i.test(sql)) {
      const from = this.#lineEnd(this.#at) + 1;
      const end = /^\\\.\r?$/m.exec(this.#text.slice(from));
      rows = end === null ? '' : this.#text.slice(from, from + end.index);
      this.#at = end === null ? this.#text.length : from + end.index + end[0].length;
    }
    const line = this.#text.slice(0, this.#start).split('\n').length;
    this.#found.push({ sql, rows, line });
  }

  /** A command that belongs to psql: those that send what was gathered do, the others only set variables. */
  #command(): void {
    const end = this.#lineEnd(this.#at);
    const text = this.#text.slice(this.#at + 1, end).trim();
    const [name = ''] = text.split(/\s/);
    if (name.startsWith(';')) {
      this.#statement += ';';
      this.#at += 2;
      return;
    }
    const sends = /^(g|gx|gset|gexec|gdesc|crosstabview|watch)$/.test(name);
    if (sends && this.#statement.trim() !== '') this.#finish(end);
    else {
      const [, variable = '', rest = ''] = /^\S+\s+(\S+)\s*(.*)$/.exec(text) ?? [];
      if (name === 'getenv') this.#variables.set(variable, this.#environment[rest] ?? '');
      else if (name === 'set') this.#variables.set(variable, this.#joined(rest));
      this.#skipTo(end);
    }
  }

  /** The value of \set: its words put together. */
  #joined(words: string): string {
    return [...words.matchAll(/'((?:[^']|'')*)'|:(\w+)|(\S+)/g)]
      .map(([, quoted, variable, plain]) => {
        if (variable !== undefined) return this.#variables.get(variable) ?? '';
        return quoted?.replaceAll("''", "'") ?? plain ?? '';
      })
      .join('');
  }
}
