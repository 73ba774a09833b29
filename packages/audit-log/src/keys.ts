import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogError, systemReason } from './log-error.ts';
import { generateSigner, parsePrivateKey, type Signer } from './note.ts';

export const privateKeyFile = 'log.key';
export const publicKeyFile = 'log.pub';

/** The log's signing key; made at the first start. An existing key keeps its own name, whatever `origin` says. */
export function loadOrCreateKeys(directory: string, origin: string, mayCreate: boolean): Signer {
  const privatePath = join(directory, privateKeyFile);
  const publicPath = join(directory, publicKeyFile);
  try {
    if (existsSync(privatePath)) {
      const signer = parsePrivateKey(readFileSync(privatePath, 'utf8'));
      if (!existsSync(publicPath)) writeFileSync(publicPath, `${signer.verifier.vkey}\n`, { mode: 0o644 });
      if (readFileSync(publicPath, 'utf8').trim() !== signer.verifier.vkey) {
        throw new LogError(
          'damaged',
          `${publicPath} is not the public half of ${privateKeyFile}: restore it`,
        );
      }
      return signer;
    }
    if (!mayCreate) {
      throw new LogError(
        'damaged',
        `the log in ${directory} has entries but no ${privateKeyFile}: restore the key`,
      );
    }
    const { signer, privateText } = generateSigner(origin);
    writeFileSync(privatePath, `${privateText}\n`, { mode: 0o600, flag: 'wx', flush: true });
    writeFileSync(publicPath, `${signer.verifier.vkey}\n`, { mode: 0o644, flush: true });
    return signer;
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError(
      'cannot-open',
      `cannot read or make the keys in ${directory}: ${systemReason(error)}`,
      { cause: error },
    );
  }
}
