import { createHash } from 'node:crypto';
import { ibanOf, luhnDigit } from './check-digits.ts';
import type { Draw } from './draw.ts';

/** Another digit than this one. */
const other = (digit: string, draw: Draw): string => String((Number(digit) + 1 + draw.below(9)) % 10);
const stamp = (draw: Draw): string =>
  `20${20 + draw.below(7)}-0${1 + draw.below(9)}-1${draw.below(10)}T0${draw.below(10)}:4${draw.below(10)}:0${draw.below(10)}`;

/** What looks like something a detector finds, and is nothing to hide. */
export const nearMisses: Readonly<Record<string, (draw: Draw) => string>> = {
  'order number': (draw) =>
    draw.one([`ORD-${draw.digits(8)}`, `2024-${draw.digits(6)}-${draw.digits(4)}`, `#${draw.digits(7)}`]),
  'card number with a wrong check digit': (draw) => {
    const body = `4${draw.digits(14)}`;
    return body + other(luhnDigit(body), draw);
  },
  'bank account with a wrong check digit': (draw) => {
    const right = ibanOf('DE', draw.digits(18));
    return `${right.slice(0, -1)}${other(right.slice(-1), draw)}`;
  },
  'commit or digest': (draw) =>
    createHash(draw.one(['md5', 'sha1', 'sha256']))
      .update(draw.hex(8))
      .digest('hex'),
  'base64 digest': (draw) => `sha256-${createHash('sha256').update(draw.hex(8)).digest('base64')}`,
  version: (draw) =>
    draw.one([
      `v${draw.below(20)}.${draw.below(40)}.${draw.below(9)}-rc.${draw.below(5)}`,
      `@scope/pkg@${draw.below(9)}.${draw.below(30)}.1`,
      `postgres:16.${draw.below(9)}-alpine3.19`,
      `lib-${draw.below(9)}.${draw.digits(2)}.so.${draw.below(9)}`,
    ]),
  timestamp: (draw) =>
    draw.one([
      `${stamp(draw)}.${draw.digits(6)}+00:00`,
      `17${draw.digits(11)}`,
      `17${draw.digits(8)}`,
      stamp(draw),
    ]),
  uuid: (draw) => draw.uuid(),
  'trace or request id': (draw) =>
    draw.one([`00-${draw.hex(32)}-${draw.hex(16)}-01`, `req_${draw.hex(24)}`, `i-0${draw.hex(16)}`]),
  'id like a phone number': (draw) =>
    draw.one([
      `555-${draw.digits(4)}`,
      `${draw.digits(3)}-${draw.digits(4)}-${draw.digits(3)}`,
      `ext. ${draw.digits(4)}`,
    ]),
  'social security number nobody has': (draw) =>
    draw.one([
      `000-12-${draw.digits(4)}`,
      `9${draw.digits(2)}-12-3456`,
      `666-${draw.digits(2)}-1234`,
      `123-00-${draw.digits(4)}`,
    ]),
  'number with fractions': (draw) =>
    draw.one([
      `0.${draw.digits(16)}`,
      `${draw.digits(3)}.${draw.digits(13)}`,
      `-1.5e-${draw.below(9)}`,
      `48.${draw.digits(6)},2.${draw.digits(6)}`,
    ]),
  handle: (draw) =>
    draw.one([
      `@user${draw.digits(3)}`,
      `git@localhost:repo${draw.digits(2)}`,
      `root@host${draw.digits(2)}`,
      `see https://example.com/@user/${draw.digits(5)}`,
    ]),
  'address without a password': (draw) =>
    draw.one([
      `https://example.com:8443/a/${draw.digits(4)}?t=12:30`,
      `postgres://app@db${draw.below(9)}/x`,
      `http://localhost:80${draw.digits(2)}/`,
      `s3://bucket-${draw.digits(3)}/key`,
    ]),
  'what is said of secrets': (draw) =>
    draw.one([
      `password: must have ${8 + draw.below(9)} characters`,
      `token: expired ${draw.below(60)} minutes ago`,
      'secret: see the vault',
      'api_key=<your key here>',
      `password=\${DB_PASSWORD_${draw.below(9)}}`,
      `secretName: tls-cert-${draw.below(9)}`,
      `primary_key: ${draw.digits(6)}`,
      `tokens: ${draw.digits(4)}, cost $${draw.below(9)}.${draw.digits(2)}`,
    ]),
  'placeholder key': (draw) =>
    draw.one([
      `ghp_${'x'.repeat(36)}`,
      `sk-...${draw.letters(4)}`,
      'sk_live_...',
      `AKIA${'.'.repeat(16)}`,
      `npm_config_cache_${draw.digits(2)}`,
    ]),
  'public block': (draw) =>
    draw.one([
      `-----BEGIN CERTIFICATE-----\\n${draw.base64(64)}\\n-----END CERTIFICATE-----`,
      `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${draw.base64(48)} host`,
      `-----BEGIN PUBLIC KEY-----\\n${draw.base64(60)}\\n-----END PUBLIC KEY-----`,
    ]),
  code: (draw) =>
    draw.one([
      `std::vector<int${8 * (1 + draw.below(8))}> v; // md5(x) and scrypt: slow`,
      `UPDATE t SET a = $1, b = $2 WHERE id = ${draw.digits(4)}`,
      `cron: 0 ${draw.below(24)} * * 1-5 run @daily`,
      `matrix ${draw.below(9)} ${draw.below(9)} ${draw.digits(2)} ${draw.digits(3)} ${draw.below(9)} 0 1`,
      `const token = await getToken(user_${draw.digits(3)});`,
    ]),
  price: (draw) =>
    draw.one([
      `$${draw.digits(2)}.${draw.digits(2)}`,
      `EUR 1,${draw.digits(3)}.50`,
      `$1$2$${draw.below(9)}`,
      `${draw.digits(5)} JPY`,
    ]),
  'shipping number': (draw) =>
    draw.one([
      `1Z999AA1${draw.digits(10)}`,
      `RR${draw.digits(9)}DE`,
      `JD01${draw.digits(14)}X`,
      `LX${draw.digits(9)}GB`,
    ]),
};

/** Numbers of other kinds whose digits may come out right for something they are not. */
export const byChance: Readonly<Record<string, (draw: Draw) => string>> = {
  'article number (EAN-13)': (draw) => `40${draw.digits(11)}`,
  '16-digit id': (draw) => draw.digits(16),
  '15-digit id': (draw) => draw.digits(15),
  '9 digits in dashes': (draw) => `${draw.digits(3)}-${draw.digits(2)}-${draw.digits(4)}`,
};
