import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMasking } from '../masking.ts';
import { maskingSection } from '../section.ts';
import { testDetector } from './marked.test-support.ts';

const masking = createMasking(maskingSection.parse({}));
type Name = 'email' | 'payment-card' | 'ssn' | 'jwt' | 'aws-key' | 'private-key' | 'password-hash';

const key43 = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U';
const bcrypt = '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.${key43}`;
const awsSecret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const pem = (label: string): string =>
  `-----BEGIN ${label}-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nabcd+/==\n-----END ${label}-----`;

/** Text with the part that must be hidden in «». */
const positives: Record<Name, readonly string[]> = {
  email: [
    '«ada@example.com»',
    "to: «o'brien+tag@mail.example.co.uk», today",
    '<«ada.l@xn--bcher-kva.example»>',
    '{«a@b.co»,«c@d.org»}',
    'email=«ada@example.com»&x=1',
    'mail «ada@example.com».',
    '«ädà@exämple.dé» ok',
    '{"e":"«ada@example.com»"}',
    'postgres://app:«pw@db.example.com»/x',
  ],
  'payment-card': [
    '«4111111111111111»',
    'card «4111 1111 1111 1111» exp',
    '«4111-1111-1111-1111»,',
    '«378282246310005»',
    '«3782 822463 10005»',
    '«5555555555554444»',
    '«6011111111111117»',
    '«3530111333300000»',
    '«2223003122003222»',
    '«4222222222222»',
    '«30569309025904»',
    '«6304000000000000»',
    'PAN«4111111111111111»',
    '"card":«4111111111111111»}',
    'order 12 «4111111111111111»',
    '{«4111111111111111»,«5555555555554444»}',
  ],
  ssn: [
    '«123-45-6789»',
    'ssn:«219-09-9999».',
    'x«123-45-6789»y',
    '(«001-01-0001»)',
    '«123-45-6789» «124-45-6789»',
  ],
  jwt: [
    `«${jwt}»`,
    `Bearer «${jwt}», next`,
    `{"t":"«${jwt}»"}`,
    '«eyJhbGciOiJub25lIn0.eyJhIjoxfQ.»',
    `x=«${jwt}»&y=2`,
  ],
  'aws-key': [
    '«AKIAIOSFODNN7EXAMPLE»',
    'id=«ASIAIOSFODNN7EXAMPLE»;',
    `aws_secret_access_key = «${awsSecret}»`,
    `"SecretAccessKey": "«${awsSecret}»"`,
    `AWS_SECRET_ACCESS_KEY=«${awsSecret}»\n`,
    `«AKIAIOSFODNN7EXAMPLE»,«${awsSecret}»`,
  ],
  'private-key': [
    `a «${pem('PRIVATE KEY')}» b`,
    `«${pem('RSA PRIVATE KEY')}»`,
    `«${pem('OPENSSH PRIVATE KEY')}»\n`,
    `«${pem('ENCRYPTED PRIVATE KEY')}»`,
    `«${pem('PGP PRIVATE KEY BLOCK')}»`,
    '«---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nabc\n---- END SSH2 ENCRYPTED PRIVATE KEY ----»',
    'cut: «-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC»',
    '"«-----BEGIN EC PRIVATE KEY-----\\nMIIE\\n-----END EC PRIVATE KEY-----»"',
  ],
  'password-hash': [
    `«${bcrypt}»`,
    `{«${bcrypt}»,«${bcrypt}»}`,
    '«$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b2dWRWJTmaaQY6rcRmSVjVvVMg»',
    '«$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E»',
    '«$6$rounds=5000$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1»',
    '«$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8»',
    'root:«$1$abcdefgh$G9oZ8jgYpLGMY6y5vV3Kx0»:',
    '«$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC»',
    '«$7$CU..../....2Q9obwLhin8qvQl6sisAO/$sfoaXkqLGbyxyjNlRpgZAtcfYPhaSnpG4v5jyUAQUG.»',
    '«$P$B12345678OJQ5OAexaM7wZ3lpKRBkF1»',
    '«SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=»',
    '«md5a3556571e93b0d20722ba62be61e8c2d»',
    '«$pbkdf2-sha256$29000$4fzfG8M4B6CU8l5r7Z2TMg$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk»',
    '«pbkdf2_sha256$260000$c29tZXNhbHQ$4pS1bTQ1JjyV5eVJpC2Mu9k9zEEAJ2GSL1UaVDBoY8A=»',
    '«pbkdf2:sha256:600000$qEyoNFaD$0cf1b2a3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f»',
    '«scrypt:32768:8:1$AVRIOTfM$0cf1b2a3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f»',
  ],
};

const negatives: Record<Name, readonly string[]> = {
  email: [
    'a @ b.co',
    'user@localhost',
    '@handle',
    'a@b',
    'a@10.0.0.1',
    'x@.com',
    '{}@example.com',
    'a@-',
    'git@',
  ],
  'payment-card': [
    '4111111111111112',
    '1700000000000',
    '1234567890123456',
    '0.4111111111111111',
    '4111111111111111.5',
    '41111111111111110000000000',
    'a4111111111111111b',
    '411111111111111100ff00aa00ff00aa',
    '4111  1111  1111  1111',
    '2024-01-01 12:00:00',
    '00000000-0000-0000-0000-000000000000',
    '+1 555 123 4567',
  ],
  ssn: [
    '000-12-3456',
    '666-12-3456',
    '900-12-3456',
    '123-00-3456',
    '123-45-0000',
    '1123-45-6789',
    '123-45-67890',
    '123-45-6789-0',
    '0-123-45-6789',
    '2024-01-0123',
    '123456789',
  ],
  jwt: ['eyJ.eyJ', 'eyJhbGciOiJub25lIn0', 'eyJhbGciOiJub25lIn0.eyJhIjoxfQ', 'heyJude.heyJude.x', 'a.b.c'],
  'aws-key': [
    'AKIA',
    'AKIAIOSFODNN7EXAMPL',
    'AKIAIOSFODNN7EXAMPLEE',
    awsSecret,
    'secret commit da39a3ee5e6b4b0d3255bfef95601890afd80709',
    `secret ${awsSecret}X`,
  ],
  'private-key': [
    pem('CERTIFICATE'),
    pem('PUBLIC KEY'),
    '-----BEGIN',
    '-- BEGIN PRIVATE KEY --',
    'BEGIN PRIVATE',
    '-'.repeat(200),
  ],
  'password-hash': [
    '$12.34',
    '$1$2$3',
    'md5(x)',
    'a3556571e93b0d20722ba62be61e8c2d',
    'md5a3556571e93b0d20722ba62be61e8c2',
    'md5a3556571e93b0d20722ba62be61e8c2dd',
    'scrypt: a function',
    'SCRAM-SHA-256',
    'pbkdf2_sha256',
    '$2b$',
  ],
};

for (const [name, texts] of Object.entries(positives)) {
  testDetector(name as Name, texts, negatives[name as Name]);
}

test('hides everything that overlapping values cover [masking.detectors]', () => {
  const mask = masking.compile('t', []);
  assert.equal(mask.scrubText(`x ${pem('PRIVATE KEY').replace('abcd', 'ada@example.com')} y`), 'x *** y');
  assert.equal(mask.scrubText('4111111111111111@example.com'), '***');
  assert.equal(mask.scrubText('123-45-6789 4111111111111111 ada@example.com'), '*** *** ***');
});

test('reads nothing outside the range it is given [masking.detectors]', () => {
  const mask = masking.compile('t', []);
  const bytes = Buffer.from('ada@example.com');
  assert.equal(mask.scrub(bytes, 0, 11), null, 'the domain has no dot inside the range');
  assert.equal(mask.scrub(bytes, 3, 15), null, 'the local part is outside the range');
  assert.equal(mask.suspects(bytes, 4, 15), false);
});
