/** Requests understood without a client: for tools that ask what policy would say. */
import type { Meaning, StudiedSession, Study } from '../protocol.ts';
import type { Bind } from './binding.ts';
import { readHead } from './request-head.ts';
import type { HttpOptions } from './section.ts';

/** A study of any API: there is nothing to know of one, and no request depends on another. */
export function studyRequests(bind: Bind, options: HttpOptions): Study {
  const session: StudiedSession = {
    understand: (text) => understand(text, bind, options),
    forwarded: () => undefined,
    succeeded: () => undefined,
  };
  return { begin: () => session, save: async () => null };
}

/** `GET /path`, and where there is more to it header lines, an empty line and a body: as a recording shows a request. */
function understand(text: string, bind: Bind, options: HttpOptions): Meaning {
  const [head = '', ...rest] = text.replaceAll('\r\n', '\n').split('\n\n');
  const [line = '', ...fields] = head.split('\n').filter((one, at) => at === 0 || one !== '');
  const parts = /^([A-Z]+) (\/\S*)(?: HTTP\/1\.1)?$/.exec(line.trim());
  if (parts === null) return unreadable('it is not a request: write it as "GET /path"');
  const [, method = '', path = ''] = parts;
  const rawHeaders = ['host', 'target', ...fields.flatMap((field) => nameAndValue(field))];
  // Clients put the name of the target before the path; any name will do here.
  const reading = readHead({ method, url: `/target${path}`, version: '1.1', rawHeaders }, options);
  if (!reading.ok) return unreadable(reading.reason);
  const body = Buffer.from(rest.join('\n\n'), 'utf8');
  if (body.length > options.bodyBytes)
    return unreadable(`the body is over http.body_bytes, ${options.bodyBytes}`);
  return bind(reading.head, body).meaning;
}

function nameAndValue(field: string): readonly string[] {
  const colon = field.indexOf(':');
  return colon < 0 ? [field, ''] : [field.slice(0, colon), field.slice(colon + 1).trim()];
}

/** The gateway would answer it before anything is judged. */
function unreadable(why: string): Meaning {
  return Object.freeze({
    form: '(a request that cannot be read)',
    evaluations: [],
    undetermined: why,
    changesState: false,
  });
}
