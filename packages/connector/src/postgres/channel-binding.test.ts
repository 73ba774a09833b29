import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCertificateAuthority } from '../../../../test/fixtures/certificates.ts';
import { serverEndPoint } from './channel-binding.ts';

for (const digest of ['sha256', 'sha384', 'sha512'] as const) {
  test(`the end point is hashed with the ${digest} of the certificate's signature [connector.channel-binding]`, () => {
    const ca = createCertificateAuthority();
    const der = new X509Certificate(readFileSync(ca.server(['localhost'], digest).certFile)).raw;
    assert.deepEqual(serverEndPoint(der), createHash(digest).update(der).digest());
    ca.remove();
  });
}

test('bytes that are no certificate have no end point [connector.channel-binding]', () => {
  assert.equal(serverEndPoint(Buffer.alloc(0)), null);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => serverEndPoint(Buffer.from(bytes)) === null),
  );
});
