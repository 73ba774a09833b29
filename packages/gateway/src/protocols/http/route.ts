/**
 * The request target (RFC 9112 section 3.2), read so that there is one reading of it. The path is forwarded as it came,
 * so whatever another parser could take for another path is refused rather than repaired.
 */

/** A path both policy and the target read the same way. */
export interface Route {
  /** The first segment: which target is asked for; empty when the path has none. */
  readonly target: string;
  /** Decoded segments below the target; a trailing slash adds none. */
  readonly segments: readonly string[];
  /** The path below the target, byte for byte as the client wrote it; starts with a slash. */
  readonly path: string;
  /** Empty, or the query with its question mark. */
  readonly query: string;
}

export type RouteReading =
  | { readonly ok: true; readonly route: Route }
  | { readonly ok: false; readonly reason: string };

/** RFC 3986 `pchar` without `;`: some servers cut path parameters off before they route (`/a;x/..;/b`). */
const PATH = /^[A-Za-z0-9\-._~!$&'()*+,=:@%/]*$/;
/** RFC 3986 `query`, with the brackets that clients leave unencoded. */
const QUERY = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%/?[\]]*$/;
const TARGET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Encoded letters, digits and `-._~` have no use but disguise (RFC 3986 section 2.3); `~` is encoded by old clients. */
const DISGUISED = /%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])/i;
/** Encoded `/ \ ; ? # %`: a server that decodes before it splits, or decodes twice, sees another path. */
const ENCODED_DELIMITER = /%(?:2f|5c|3b|3f|23|25)/i;
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;

/** Reads an origin-form request target. `url` is the attacker's. */
export function readRoute(url: string, segmentLimit: number): RouteReading {
  if (!url.startsWith('/'))
    return bad('the request target must start with "/": absolute and asterisk forms are not carried');
  const mark = url.indexOf('?');
  const fullPath = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark);
  const problem =
    pathProblem(fullPath) ??
    (QUERY.test(query.slice(1)) ? null : 'the query holds a character that must be percent-encoded');
  if (problem !== null) return bad(problem);
  const [, target = '', ...raw] = fullPath.split('/');
  if (target !== '' && !TARGET.test(target))
    return bad('the first path segment must be the name of a target');
  const trailing = raw.at(-1) === '';
  const named = trailing ? raw.slice(0, -1) : raw;
  if (named.length > segmentLimit)
    return bad(`the path has more than ${segmentLimit} segments (http.path_segments)`);
  const segments: string[] = [];
  for (const part of named) {
    const segment = decode(part);
    if (segment === null)
      return bad('a path segment is not what it seems: empty, made of dots, or not plain UTF-8');
    segments.push(segment);
  }
  return { ok: true, route: { target, segments, path: `/${raw.join('/')}`, query } };
}

function pathProblem(path: string): string | null {
  if (!PATH.test(path))
    return 'the path holds a character that servers read in different ways, such as "\\", ";" or "#"';
  if (/%(?![0-9A-Fa-f]{2})/.test(path))
    return 'a percent sign in the path is not followed by two hexadecimal digits';
  if (path.includes('//')) return 'the path holds "//", which some servers read as "/"';
  if (ENCODED_DELIMITER.test(path)) return 'the path holds an encoded delimiter, such as %2F';
  if (ENCODED_CONTROL.test(path)) return 'the path holds an encoded control character';
  if (DISGUISED.test(path)) return 'the path holds an encoded character that needs no encoding, such as %2E';
  return null;
}

/** The segment as text; null when it is empty, only dots, not UTF-8, or becomes a delimiter once normalised. */
function decode(part: string): string | null {
  let segment: string;
  try {
    segment = decodeURIComponent(part);
  } catch {
    return null;
  }
  if (segment === '' || /^\.+$/.test(segment)) return null;
  // U+2025 and full-width forms: servers that normalise would see `..` or `/` where policy saw a letter.
  const plain = segment.normalize('NFKC');
  if (plain !== segment && /[\\/;?#%]|^\.+$/.test(plain)) return null;
  return segment;
}

function bad(reason: string): RouteReading {
  return { ok: false, reason };
}
