import { createHash } from 'node:crypto';
import type { Evaluation, Meaning, Operation } from '../protocol.ts';
import type { RequestHead } from './request-head.ts';

/** The action of every method that has one. Any other method's effect cannot be told. */
const ACTIONS: Readonly<Record<string, string>> = {
  GET: 'http_get',
  HEAD: 'http_head',
  OPTIONS: 'http_options',
  POST: 'http_post',
  PUT: 'http_put',
  PATCH: 'http_patch',
  DELETE: 'http_delete',
};
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Most meanings kept, so that the same request has the same one. More only costs deciding again. */
const KEPT_MEANINGS = 2_000;
const KEPT_KEY_CHARS = 512;

export type Bind = (head: RequestHead, body: Buffer) => Operation;

/** Turns requests into operations. Meanings are interned: equal requests share one. */
export function createBinding(): Bind {
  const kept = new Map<string, Meaning>();
  return (head, body) => {
    const undetermined = whyUndetermined(head, body);
    const form = formOf(head);
    const key = JSON.stringify([head.method, head.route.segments, form, undetermined]);
    let meaning = kept.get(key);
    if (meaning === undefined) {
      meaning = meaningOf(head, form, undetermined);
      if (kept.size >= KEPT_MEANINGS) kept.clear();
      if (key.length <= KEPT_KEY_CHARS) kept.set(key, meaning);
    }
    const { text, parameters } = exactly(head, body);
    return { meaning, text, parameters };
  };
}

function meaningOf(head: RequestHead, form: string, undetermined: string | null): Meaning {
  const action = ACTIONS[head.method];
  const resource = { type: 'Route', path: Object.freeze([...head.route.segments]) } as const;
  const evaluations: readonly Evaluation[] = action === undefined ? [] : [{ action, resource }];
  return Object.freeze({ form, evaluations, undetermined, changesState: !READS.has(head.method) });
}

/** Frameworks run the method named in a header, the query or a form field: policy would judge another one. */
function whyUndetermined(head: RequestHead, body: Buffer): string | null {
  if (ACTIONS[head.method] === undefined) return `no action stands for the method ${head.method}`;
  if (head.override !== null)
    return `the header ${head.override} asks for another method than ${head.method}`;
  if (namesMethod(head.route.query)) return 'the query asks for another method by "_method"';
  if (body.length > 0 && !isJson(head.contentType) && namesMethod(body.toString('latin1'))) {
    return 'the body asks for another method by "_method"';
  }
  return null;
}

function namesMethod(text: string): boolean {
  const decoded = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /(?:^|[^A-Za-z0-9])_method(?![A-Za-z0-9])/i.test(decoded);
}

function isJson(contentType: string): boolean {
  return contentType === 'application/json' || contentType.endsWith('+json');
}

/** Words stay, values go: `GET /users/{}/orders?since={}`. */
function formOf({ method, route }: RequestHead): string {
  const path = route.segments.map((segment) => (isWord(segment) ? segment : '{}')).join('/');
  const names = route.query === '' ? [] : route.query.slice(1).split('&');
  const query = names.map((pair) => {
    const name = pair.split('=', 1).join('');
    return `${isWord(name) ? name : '{}'}${pair.includes('=') ? '={}' : ''}`;
  });
  return `${method} /${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** A name somebody gave a route: letters, dashes, and at most a version number. Identifiers and keys have more digits. */
function isWord(text: string): boolean {
  return /^[A-Za-z][A-Za-z_-]{0,39}\d{0,2}$/.test(text);
}

/** What an approver reads and an approval is bound to: the head as it will be sent, and every byte of the body. */
function exactly(head: RequestHead, body: Buffer): Pick<Operation, 'text' | 'parameters'> {
  const fields = head.headers.map(([name, value]) => `${name}: ${value}\n`).join('');
  const start = `${head.method} ${head.route.path}${head.route.query} HTTP/1.1\n${fields}`;
  if (body.length === 0) return { text: start, parameters: [] };
  const shown = asText(body);
  if (shown !== null) return { text: `${start}\n${shown}`, parameters: [] };
  const digest = createHash('sha256').update(body).digest('hex');
  return {
    text: `${start}\n(${body.length} bytes that are not text, SHA-256 ${digest})`,
    parameters: [body],
  };
}

/** The body as text when that loses nothing, else null. */
function asText(body: Buffer): string | null {
  const text = body.toString('utf8');
  return Buffer.from(text, 'utf8').equals(body) && !text.includes('\0') ? text : null;
}
