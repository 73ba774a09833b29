import {
  bsnDigit,
  cpfDigits,
  dniLetter,
  ibanOf,
  luhnDigit,
  nhsDigit,
  nirKey,
  verhoeffDigit,
} from './check-digits.ts';
import type { Draw } from './draw.ts';

/**
 * What is drawn for one class, with what must be hidden in «»; `awkward` forms are of the class as well, but written so
 * that a detector may be forgiven for missing them.
 */
export interface Values {
  readonly class: string;
  /** Whether its detector is on without being asked for. */
  readonly usual: boolean;
  readonly draw: (draw: Draw) => string;
  readonly awkward?: (draw: Draw) => string;
}

const hidden = (text: string): string => `«${text}»`;
const given = ['ada', 'grace', 'alan', 'edsger', 'barbara', 'ken', 'dörte', 'zoë', "o'neil", 'j.p'] as const;
const hosts = [
  'example.com',
  'mail.hollowlane.test',
  'hollowlane.co.test',
  'kontor.example.net',
  'bücher.test',
] as const;

function grouped(text: string, sizes: readonly number[], by: string): string {
  let at = 0;
  const groups = sizes.map((size) => {
    at += size;
    return text.slice(at - size, at);
  });
  return groups.join(by);
}

/** Draws until what is drawn has a check digit at all. */
function withCheck(draw: () => string, check: (body: string) => string | null): string {
  for (;;) {
    const body = draw();
    const digit = check(body);
    if (digit !== null) return body + digit;
  }
}

function card(draw: Draw): string {
  const [prefix, length] = draw.one([
    ['4', 16],
    ['51', 16],
    ['2223', 16],
    ['37', 15],
    ['6011', 16],
    ['3530', 16],
    ['36', 14],
  ] as const);
  const body = prefix + draw.digits(length - prefix.length - 1);
  return body + luhnDigit(body);
}

function ssn(draw: Draw, by: string): string {
  const area = draw.one([100 + draw.below(560), 700 + draw.below(190)]);
  return [area, 10 + draw.below(89), 1000 + draw.below(8999)].join(by);
}

function iban(draw: Draw): string {
  return draw.one([
    () => ibanOf('DE', draw.digits(18)),
    () => ibanOf('GB', draw.text(4, 'BARCLYSNWK') + draw.digits(14)),
    () => ibanOf('FR', draw.digits(23)),
    () => ibanOf('NL', draw.text(4, 'ABNRINGO') + draw.digits(10)),
    () => ibanOf('ES', draw.digits(20)),
    () => ibanOf('CH', draw.digits(17)),
    () => ibanOf('NO', draw.digits(11)),
    () => ibanOf('IT', `X${draw.digits(22)}`),
  ])();
}

function apiKey(draw: Draw): string {
  return draw.one([
    () => `ghp_${draw.letters(36)}`,
    () => `github_pat_${draw.letters(22)}_${draw.letters(59)}`,
    () => `sk_live_${draw.letters(24)}`,
    () => `xoxb-${draw.digits(12)}-${draw.digits(13)}-${draw.letters(24)}`,
    () => `AIza${draw.letters(35)}`,
    () => `sk-proj-${draw.letters(48)}`,
    () => `npm_${draw.letters(36)}`,
    () => `glpat-${draw.letters(20)}`,
  ])();
}

/** A key of the credentials in it: letters and digits of each kind. */
const token = (draw: Draw): string => `${draw.letters(8)}7${draw.letters(10)}k${draw.letters(4)}3`;

export const values: readonly Values[] = [
  {
    class: 'email',
    usual: true,
    draw: (draw) => hidden(`${draw.one(given)}${draw.one(['', '+tag', '.2', '_x'])}@${draw.one(hosts)}`),
    awkward: (draw) => hidden(`"${draw.one(given)} x"@${draw.one(hosts)}`),
  },
  {
    class: 'payment-card',
    usual: true,
    draw: (draw) => {
      const number = card(draw);
      if (number.length !== 16) return hidden(number);
      return hidden(
        draw.one([number, grouped(number, [4, 4, 4, 4], ' '), grouped(number, [4, 4, 4, 4], '-')]),
      );
    },
    awkward: (draw) => {
      const body = `4${draw.digits(14)}`;
      return hidden(grouped(body + luhnDigit(body), [4, 4, 4, 4], '.'));
    },
  },
  {
    class: 'ssn',
    usual: true,
    draw: (draw) => hidden(ssn(draw, '-')),
    awkward: (draw) => hidden(ssn(draw, ' ')),
  },
  {
    class: 'jwt',
    usual: true,
    draw: (draw) => {
      const part = (text: string): string => Buffer.from(text).toString('base64url');
      const claims = part(`{"sub":"${draw.digits(6)}","iat":17${draw.digits(8)}}`);
      return hidden(`${part('{"alg":"HS256","typ":"JWT"}')}.${claims}.${draw.letters(43)}`);
    },
  },
  {
    class: 'aws-key',
    usual: true,
    draw: (draw) => {
      const id = `${draw.one(['AKIA', 'ASIA'])}${draw.text(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`;
      const key = `${draw.base64(20)}x/9${draw.base64(17)}`;
      return draw.one([hidden(id), `aws_secret_access_key=${hidden(key)}`]);
    },
  },
  {
    class: 'private-key',
    usual: true,
    draw: (draw) => {
      const kind = draw.one(['RSA PRIVATE KEY', 'PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY']);
      return hidden(
        `-----BEGIN ${kind}-----\\n${draw.base64(64)}\\n${draw.base64(30)}==\\n-----END ${kind}-----`,
      );
    },
  },
  {
    class: 'password-hash',
    usual: true,
    draw: (draw) =>
      hidden(
        draw.one([
          () => `$2b$12$${draw.text(53, './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')}`,
          () => `$argon2id$v=19$m=65536,t=3,p=4$${draw.base64(22)}$${draw.base64(43)}`,
          () => `md5${draw.hex(32)}`,
          () => `pbkdf2_sha256$600000$${draw.letters(12)}$${draw.base64(43)}=`,
          () => `$6$${draw.letters(12)}$${draw.text(86, './ABCDEFGHIJabcdefghij0123456789')}`,
          () => `SCRAM-SHA-256$4096:${draw.base64(22)}==$${draw.base64(43)}=:${draw.base64(43)}=`,
        ])(),
      ),
  },
  {
    class: 'bank-account',
    usual: true,
    draw: (draw) => {
      const number = iban(draw);
      return hidden(draw.one([number, number.replace(/(.{4})(?=.)/g, '$1 ')]));
    },
    awkward: (draw) => hidden(iban(draw).toLowerCase()),
  },
  { class: 'api-key', usual: true, draw: (draw) => hidden(apiKey(draw)) },
  {
    class: 'connection-string',
    usual: true,
    draw: (draw) => {
      const password = draw.one([
        draw.letters(12),
        'hunter2',
        `${draw.letters(5)}%21`,
        `p@${draw.letters(6)}`,
      ]);
      const scheme = draw.one(['postgres', 'mysql', 'redis', 'amqps', 'mongodb+srv', 'https']);
      return `${scheme}://app:${hidden(password)}@${draw.one(['db', 'localhost', 'cache-1'])}/shop`;
    },
  },
  {
    class: 'secret',
    usual: true,
    draw: (draw) => {
      const name = draw.one([
        'password',
        'DB_PASSWORD',
        'api_key',
        'X-Api-Key',
        'client_secret',
        'accessToken',
      ]);
      return `${name}${draw.one(['=', ': ', ' = '])}${hidden(token(draw))}`;
    },
    awkward: (draw) =>
      `password=${hidden(draw.one(['correcthorsebattery', 'letmein!', 'qwertyuiop', 'trustno one']))}`,
  },
  {
    class: 'national-id',
    usual: true,
    draw: (draw) => {
      const month = String(1 + draw.below(12)).padStart(2, '0');
      const department = String(10 + draw.below(80));
      const body = `${draw.one(['1', '2'])}${draw.digits(2)}${month}${department}${draw.digits(6)}`;
      const number = body + nirKey(body);
      return hidden(
        draw.one([number, grouped(number, [1, 2, 2, 2, 3, 3, 2], ' '), grouped(number, [13, 2], ' ')]),
      );
    },
  },
  {
    class: 'national-id',
    usual: false,
    draw: (draw) =>
      hidden(
        draw.one([
          () => withCheck(() => draw.digits(9), nhsDigit),
          () =>
            grouped(
              withCheck(() => draw.digits(9), nhsDigit),
              [3, 3, 4],
              ' ',
            ),
          () => withCheck(() => `1${draw.digits(7)}`, bsnDigit),
          () => withCheck(() => `${draw.one(['2', '5', '9'])}${draw.digits(10)}`, verhoeffDigit),
          () => {
            const number = draw.below(100_000_000);
            return String(number).padStart(8, '0') + dniLetter(number);
          },
          () => {
            const body = draw.digits(9);
            return `${grouped(body, [3, 3, 3], '.')}-${cpfDigits(body)}`;
          },
        ])(),
      ),
  },
  {
    class: 'phone',
    usual: false,
    draw: (draw) =>
      hidden(
        draw.one([
          () => `+1 (${draw.one(['415', '212', '303'])}) 555-${draw.one(['2', '3', '6'])}${draw.digits(3)}`,
          () => `+44 20 7946 0${draw.digits(3)}`,
          () => `+331${draw.one(['42', '45', '53'])}${draw.digits(6)}`,
          () => `+49 30 90${draw.digits(6)}`,
          () => `+91 98${draw.digits(3)} ${draw.digits(5)}`,
          () => `+61-2-9374-${draw.digits(4)}`,
        ])(),
      ),
    awkward: (draw) => hidden(`(415) 555-2${draw.digits(3)}`),
  },
  {
    class: 'ip-address',
    usual: false,
    draw: (draw) =>
      hidden(
        draw.one([
          () => `192.0.2.${draw.below(256)}`,
          () => `10.${draw.below(256)}.${draw.below(256)}.${draw.below(256)}`,
          () => `2001:db8:${draw.hex(4)}::${1 + draw.below(9)}`,
          () => `fe80::${draw.hex(4)}:${draw.hex(4)}:${draw.hex(4)}:1${draw.hex(3)}`,
        ])(),
      ),
  },
];
