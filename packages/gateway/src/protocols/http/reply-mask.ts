import type { Mask } from '../protocol.ts';
import { revealEncodings } from './encodings.ts';
import { maskJson } from './json-text.ts';
import { mediaType } from './request-head.ts';

export type MaskedBody =
  | { readonly delivered: true; readonly body: Buffer }
  /** Unmaskable is withheld (L4). */
  | { readonly delivered: false; readonly reason: string };

const JSON_LINES = new Set(['application/x-ndjson', 'application/jsonl']);
const TEXT = new Set([
  'application/javascript',
  'application/graphql',
  'application/toml',
  'application/x-sh',
  'application/x-yaml',
  'application/yaml',
  'application/xml',
]);
/** ASCII is UTF-8. Latin-1 is not, but its valid UTF-8 subset reads the same to a detector. */
const CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii', 'iso-8859-1', '']);

/** Masks a whole reply body by what it says it is; what cannot be looked into is not delivered, unless listed. */
export function maskBody(
  body: Buffer,
  fields: ReadonlyMap<string, string>,
  mask: Mask,
  passContentTypes: readonly string[],
): MaskedBody {
  if (body.length === 0) return { delivered: true, body };
  const coding = fields.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding !== 'identity')
    return withheld(`the target compressed it (${printable(coding)}), so nothing in it can be masked`);
  const contentType = fields.get('content-type');
  const type = mediaType(contentType);
  if (passContentTypes.includes(type)) return { delivered: true, body };
  const kind = kindOf(type);
  if (kind === null)
    return withheld(`nothing in a body of type "${printable(type) || 'unknown'}" can be masked`);
  const charset = /charset\s*=\s*"?([^";\s]*)/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? '';
  const text = CHARSETS.has(charset) ? decode(body) : null;
  if (text === null) return withheld('it is not UTF-8 text, so nothing in it can be masked');
  return kind === 'json'
    ? maskedJson(body, text, mask)
    : kind === 'lines'
      ? maskedLines(body, text, mask)
      : maskedText(body, text, mask);
}

function kindOf(type: string): 'json' | 'lines' | 'text' | null {
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  if (JSON_LINES.has(type)) return 'lines';
  if (type.startsWith('text/') || type.endsWith('+xml') || TEXT.has(type)) return 'text';
  return null;
}

function maskedJson(body: Buffer, text: string, mask: Mask): MaskedBody {
  const masked = maskJson(text, mask);
  if (masked === null) return withheld('it says it is JSON but cannot be read as such');
  return { delivered: true, body: masked === text ? body : Buffer.from(masked) };
}

function maskedLines(body: Buffer, text: string, mask: Mask): MaskedBody {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const content = line.trim();
    const masked = content === '' ? '' : maskJson(content, mask);
    if (masked === null) return withheld('one of its lines cannot be read as JSON');
    lines.push(masked === content ? line : masked);
  }
  const masked = lines.join('\n');
  return { delivered: true, body: masked === text ? body : Buffer.from(masked) };
}

function maskedText(body: Buffer, text: string, mask: Mask): MaskedBody {
  const masked = mask.scrub(body, 0, body.length);
  const shown = masked === null ? text : masked.toString('utf8');
  const revealed = revealEncodings(shown);
  // Putting a mask into the middle of an escape could break the document; not delivering it cannot.
  if (revealed !== shown && mask.scrubText(revealed) !== revealed) {
    return withheld('it holds a value that must be masked, written with character escapes');
  }
  return { delivered: true, body: masked ?? body };
}

/** Strict UTF-8 without NUL (UTF-16 in disguise), else null. */
function decode(body: Buffer): string | null {
  if (body.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}

function withheld(reason: string): MaskedBody {
  return { delivered: false, reason };
}

/** A piece of a header of the target's, short and harmless enough for a reason. */
function printable(text: string): string {
  return text.replace(/[^a-z0-9.+/-]/g, '').slice(0, 60);
}
