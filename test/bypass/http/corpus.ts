/**
 * Requests that policy and an upstream could read differently. Each one, sent raw by an authenticated client, must be
 * refused without a byte reaching the target. Only ever add to this table.
 */
export interface Bypass {
  readonly name: string;
  /** `{auth}` stands for a good Authorization header line; `{host}` for a good Host line. */
  readonly raw: string;
  /** Statuses that refuse it. */
  readonly status: readonly number[];
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\n{host}{auth}\r\n`;
const post = (fields: string, body: string): string =>
  `POST /target/read HTTP/1.1\r\n{host}{auth}${fields}\r\n${body}`;
const withField = (field: string): string => `GET /target/read HTTP/1.1\r\n{host}{auth}${field}\r\n\r\n`;

const paths: readonly [name: string, path: string][] = [
  ['a parent segment', '/target/public/../admin'],
  ['a parent segment at the start', '/target/../other/read'],
  ['a current segment', '/target/./admin'],
  ['a parent segment with a path parameter', '/target/public/..;/admin'],
  ['a path parameter', '/target/admin;x=y'],
  ['an encoded slash', '/target/public%2fadmin'],
  ['an encoded slash, upper case', '/target/public%2Fadmin'],
  ['an encoded backslash', '/target/public%5cadmin'],
  ['a backslash', '/target/public\\admin'],
  ['encoded dots', '/target/public/%2e%2e/admin'],
  ['half encoded dots', '/target/public/.%2e/admin'],
  ['encoded dots, upper case', '/target/public/%2E%2E/admin'],
  ['dots encoded twice', '/target/public/%252e%252e/admin'],
  ['a slash encoded twice', '/target/public%252fadmin'],
  ['overlong UTF-8 for a dot', '/target/public/%c0%ae%c0%ae/admin'],
  ['overlong UTF-8 for a slash', '/target/public%c0%afadmin'],
  ['the IIS %u encoding', '/target/public/%u002e%u002e/admin'],
  ['a lone percent sign', '/target/100%/admin'],
  ['an encoded NUL', '/target/admin%00.txt'],
  ['an encoded line feed', '/target/admin%0a'],
  ['an encoded carriage return and line feed', '/target/read%0d%0aX:%20y'],
  ['an encoded delete character', '/target/admin%7f'],
  ['an encoded semicolon', '/target/admin%3bx'],
  ['an encoded question mark', '/target/admin%3fx'],
  ['an encoded number sign', '/target/admin%23x'],
  ['an encoded letter', '/target/%61dmin'],
  ['an encoded digit', '/target/v%31/admin'],
  ['an encoded hyphen', '/target/super%2Duser'],
  ['an encoded underscore', '/target/super%5Fuser'],
  ['a double slash', '/target//admin'],
  ['a double slash at the start', '//target/admin'],
  ['a double slash at the end', '/target/admin//'],
  ['three dots', '/target/.../admin'],
  ['full-width dots', '/target/%ef%bc%8e%ef%bc%8e/admin'],
  ['a full-width slash', '/target/public%ef%bc%8fadmin'],
  ['a two-dot leader', '/target/%e2%80%a5/admin'],
  ['a full-width percent sign', '/target/%ef%bc%852e/admin'],
  ['a fragment', '/target/read#/admin'],
  ['a fragment in the query', '/target/read?a=b#c'],
  ['a space', '/target/read admin'],
  ['a quote', '/target/read"'],
  ['a pipe', '/target/a|b'],
  ['a caret', '/target/a^b'],
  ['a brace', '/target/{a}'],
  ['an absolute form', 'http://target/read'],
  ['an absolute form with user info', 'http://169.254.169.254@target/read'],
  ['an absolute form over https', 'https://internal/target/read'],
  ['an asterisk', '*'],
  ['no leading slash', 'target/read'],
  ['an authority form', 'target:443'],
  ['an encoded target name', '/t%61rget/read'],
  ['a target name of dots', '/../read'],
  ['too many segments', `/target${'/a'.repeat(100)}`],
  ['a backslash in the query', '/target/read?a=\\b'],
];

const raw: readonly (readonly [name: string, raw: string, ...status: number[]])[] = [
  ['two Host fields', 'GET /target/read HTTP/1.1\r\n{host}Host: internal\r\n{auth}\r\n', 400],
  ['no Host field', 'GET /target/read HTTP/1.1\r\n{auth}\r\n', 400],
  ['a Host with a path', 'GET /target/read HTTP/1.1\r\nHost: a/b\r\n{auth}\r\n', 400],
  ['a Host with user info', 'GET /target/read HTTP/1.1\r\nHost: a@b\r\n{auth}\r\n', 400],
  ['two Authorization fields', withField('Authorization: Bearer other'), 400],
  [
    'Content-Length and Transfer-Encoding',
    post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  [
    'Transfer-Encoding and Content-Length',
    post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
    400,
  ],
  ['two Content-Length fields', post('Content-Length: 1\r\nContent-Length: 1\r\n', 'a'), 400],
  ['two different lengths', post('Content-Length: 1\r\nContent-Length: 40\r\n', 'a'), 400],
  ['a list of lengths', post('Content-Length: 1, 1\r\n', 'a'), 400],
  ['a signed length', post('Content-Length: +1\r\n', 'a'), 400],
  ['a hexadecimal length', post('Content-Length: 0x1\r\n', 'a'), 400],
  ['a length with a space', post('Content-Length: 1 1\r\n', 'a'), 400],
  ['a negative length', post('Content-Length: -1\r\n', 'a'), 400],
  ['a huge length', post('Content-Length: 99999999999999999999999\r\n', 'a'), 400],
  ['an unknown transfer coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 400],
  ['a transfer coding after chunked', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), 400],
  ['gzip before chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 400],
  [
    'two transfer codings',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  ['a space before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
  ['a folded header', withField('X-Note: a\r\n b'), 400],
  ['a folded transfer coding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'), 400],
  ['a field that starts with a space', 'GET /target/read HTTP/1.1\r\n X: y\r\n{host}{auth}\r\n', 400],
  ['bare line feeds', 'GET /target/read HTTP/1.1\nHost: a\n\n', 400],
  ['a bare carriage return in a field', withField('X: a\rTransfer-Encoding: chunked'), 400],
  ['a NUL in a field', withField('X: a\0b'), 400],
  [
    'a chunk size in hexadecimal notation',
    post('Transfer-Encoding: chunked\r\n', '0x1\r\na\r\n0\r\n\r\n'),
    400,
  ],
  ['a chunk size that overflows', post('Transfer-Encoding: chunked\r\n', 'fffffffffffffffff\r\na'), 400],
  ['a chunk that ends in a bare line feed', post('Transfer-Encoding: chunked\r\n', '1\na\n0\n\n'), 400],
  ['a chunk longer than its size', post('Transfer-Encoding: chunked\r\n', '1\r\nabc\r\n0\r\n\r\n'), 400],
  ['a body on GET', 'GET /target/read HTTP/1.1\r\n{host}{auth}Content-Length: 5\r\n\r\nGET /', 400],
  [
    'a chunked body on GET',
    'GET /target/read HTTP/1.1\r\n{host}{auth}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['a body on HEAD', 'HEAD /target/read HTTP/1.1\r\n{host}{auth}Content-Length: 1\r\n\r\na', 400],
  [
    'an h2c upgrade',
    withField(
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ),
    400,
  ],
  [
    'a WebSocket upgrade',
    withField(
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13',
    ),
    400,
  ],
  ['TRACE', 'TRACE /target/read HTTP/1.1\r\n{host}{auth}\r\n', 405],
  ['CONNECT', 'CONNECT internal:443 HTTP/1.1\r\n{host}{auth}\r\n', 405],
  ['a lower-case method', 'get /target/read HTTP/1.1\r\n{host}{auth}\r\n', 400],
  ['a made-up method', 'READ /target/read HTTP/1.1\r\n{host}{auth}\r\n', 400],
  ['a method of another protocol', 'SOURCE /target/read HTTP/1.1\r\n{host}{auth}\r\n', 403, 400],
  ['PROPFIND', 'PROPFIND /target/read HTTP/1.1\r\n{host}{auth}\r\n', 403],
  ['HTTP/1.0', 'GET /target/read HTTP/1.0\r\n{host}{auth}\r\n', 505],
  ['HTTP/1.2', 'GET /target/read HTTP/1.2\r\n{host}{auth}\r\n', 400],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['an unknown expectation', withField('Expect: the-unexpected'), 417],
  ['a compressed body', post('Content-Encoding: gzip\r\nContent-Length: 1\r\n', 'a'), 400],
  ['too many fields', withField(Array.from({ length: 200 }, (_, at) => `X-${at}: y`).join('\r\n')), 431],
  ['a second Host behind many fields', withField(`${'X: y\r\n'.repeat(3_000)}Host: internal`), 431, 400],
  ['X-HTTP-Method-Override', withField('X-HTTP-Method-Override: DELETE'), 403],
  ['X-HTTP-Method', withField('X-HTTP-Method: DELETE'), 403],
  ['X-Method-Override', withField('X-Method-Override: DELETE'), 403],
  ['X_HTTP_METHOD_OVERRIDE', withField('X_HTTP_METHOD_OVERRIDE: DELETE'), 403],
  ['_method in the query', get('/target/read?_method=DELETE'), 403],
  ['_method in the query, encoded', get('/target/read?%5Fmethod=DELETE'), 403],
  ['_METHOD in the query', get('/target/read?a=b&_METHOD=DELETE'), 403],
  [
    '_method in a form',
    post('Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n', '_method=DELETE'),
    403,
  ],
  ['_method in a body without a type', post('Content-Length: 16\r\n', '%5fmethod=DELETE'), 403],
];

export const corpus: readonly Bypass[] = [
  ...paths.map(([name, path]) => ({ name: `${name} in the path`, raw: get(path), status: [400] })),
  ...raw.map(([name, text, ...status]) => ({ name, raw: text, status })),
];
