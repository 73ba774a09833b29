import { ALPHANUMERIC, BASE64URL, hasClass, runEnd, standsAt } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';

interface KeyForm {
  readonly prefix: string;
  /** Four bytes that every such key has, and are rare elsewhere; `offset` is from the beginning of the key to the last. */
  readonly window: string;
  readonly offset: number;
  /** Which characters follow the prefix, and how many there are at least. */
  readonly body: number;
  readonly least: number;
}

function form(
  prefix: string,
  least: number,
  body: number = ALPHANUMERIC,
  window = prefix.slice(-4),
): KeyForm {
  return { prefix, window, offset: prefix.indexOf(window) + 3, body, least };
}

/** Keys that say what they are, by the prefixes their issuers document. */
const forms: readonly KeyForm[] = [
  // GitHub. The last six characters are a checksum; a key that fails it is hidden all the same, as nothing else looks so.
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => form(prefix, 36)),
  form('github_pat_', 59, BASE64URL, 'hub_'),
  // Stripe: secret and restricted keys, and secrets of webhooks. Publishable keys (pk_) are no secret.
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((prefix) =>
    form(prefix, 16, ALPHANUMERIC, prefix.slice(1, 5)),
  ),
  form('whsec_', 24),
  // Slack: tokens of bots, users, apps, workspaces.
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxc-', 'xoxd-'].map((prefix) =>
    form(prefix, 20, BASE64URL, prefix.slice(0, 4)),
  ),
  form('xapp-', 20, BASE64URL, 'xapp'),
  // Google: API keys and OAuth client secrets.
  form('AIza', 35, BASE64URL),
  form('GOCSPX-', 24, BASE64URL),
  // OpenAI, Anthropic and others that took the form over; the old ones have a mark in the middle.
  ...['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-ant-', 'sk-or-v1-'].map((prefix) =>
    form(prefix, 20, BASE64URL, prefix.slice(0, 4)),
  ),
  { prefix: 'sk-', window: 'T3Bl', offset: 26, body: ALPHANUMERIC, least: 40 },
  ...Array.from('0123456789abcdef', (digit) => ({
    prefix: 'sk-',
    window: `sk-${digit}`,
    offset: 3,
    body: ALPHANUMERIC,
    least: 32,
  })),
  form('npm_', 36),
  // GitLab: personal, deploy, runner, trigger, feed and agent tokens.
  ...['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glft-', 'glagent-', 'glcbt-', 'glsoat-'].map((prefix) =>
    form(prefix, 20, BASE64URL),
  ),
  form('dop_v1_', 64),
  form('dckr_pat_', 20, BASE64URL),
  form('pypi-AgEI', 40, BASE64URL),
  ...['shpat_', 'shpss_', 'shpca_', 'shppa_'].map((prefix) => form(prefix, 32)),
  form('glsa_', 32, BASE64URL),
  form('hvs.', 24, BASE64URL),
  form('ATATT3', 40, BASE64URL),
];

/** By the last byte of their windows. */
const byLastByte: readonly (readonly KeyForm[])[] = Array.from({ length: 256 }, (_, byte) =>
  forms.filter(({ window }) => window.charCodeAt(3) === byte),
);

/** How many characters of a key are judged. */
const JUDGED_BYTES = 64;
/** Different characters a key has at least. */
const LEAST_DISTINCT = 8;

/** Keys of well-known services: a documented prefix and enough characters after it. */
export const apiKey: WindowDetector = {
  kind: 'window',
  dataClass: 'api-key',
  leastBytes: 20,
  windows: [...new Set(forms.map(({ window }) => window))],
  confirms: (bytes, start, end, at) => keyAt(bytes, start, end, at) !== null,
  finds(bytes, start, end, at, found) {
    if (found.passed(at)) return;
    const key = keyAt(bytes, start, end, at);
    if (key === null) return;
    const from = at - key.offset;
    if (hasClass(bytes, start, end, from - 1, BASE64URL)) return;
    const body = from + key.prefix.length;
    if (!isVaried(bytes, body, Math.min(end, body + JUDGED_BYTES), key.body)) return;
    found.add(from, runEnd(bytes, body + key.least, end, key.body));
  },
};

/** The form of the key whose window ends at `at`, whatever stands around it. */
function keyAt(bytes: Uint8Array, start: number, end: number, at: number): KeyForm | null {
  for (const key of byLastByte[bytes[at] as number] ?? []) {
    const from = at - key.offset;
    const body = from + key.prefix.length;
    if (!standsAt(bytes, start, end, from, key.prefix) || body + key.least > end) continue;
    if (runEnd(bytes, body, body + key.least, key.body) === body + key.least) return key;
  }
  return null;
}

/** Whether the characters of a key look drawn: the same one over and over stands for a key in documentation. */
function isVaried(bytes: Uint8Array, from: number, to: number, body: number): boolean {
  let low = 0;
  let high = 0;
  for (let i = from; i < to && hasClass(bytes, from, to, i, body); i += 1) {
    const byte = bytes[i] as number;
    if (byte < 0x40) low |= 1 << (byte - 0x20);
    else high |= 1 << (byte & 0x1f);
  }
  return bits(low) + bits(high) >= LEAST_DISTINCT;
}

function bits(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
