import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LogError, systemReason } from './log-error.ts';
import { generateSigner, parsePrivateKey, parseVerifier, type Signer, type Verifier } from './note.ts';

export const privateKeyFile = 'log.key';
/** The log's first public key: what outsiders hold. It stays when the log changes keys. */
export const publicKeyFile = 'log.pub';
/** A key that is made, and not in use before a checkpoint names it. */
export const nextKeyFile = 'log.key.next';

export interface Keys {
  readonly signer: Signer;
  readonly known: Verifier;
}

/** The log's keys; made at the first start. An existing key keeps its own name, whatever `origin` says. */
export function loadOrCreateKeys(directory: string, origin: string, mayCreate: boolean): Keys {
  const privatePath = join(directory, privateKeyFile);
  const publicPath = join(directory, publicKeyFile);
  return orCannotOpen(directory, () => {
    if (!existsSync(privatePath)) {
      if (!mayCreate) {
        throw new LogError(
          'damaged',
          `the log in ${directory} has entries but no ${privateKeyFile}: restore the key`,
        );
      }
      const { signer, privateText } = generateSigner(origin);
      writeFileSync(privatePath, `${privateText}\n`, { mode: 0o600, flag: 'wx', flush: true });
      writeFileSync(publicPath, `${signer.verifier.vkey}\n`, { mode: 0o644, flush: true });
      return { signer, known: signer.verifier };
    }
    const signer = parsePrivateKey(readFileSync(privatePath, 'utf8'));
    if (!existsSync(publicPath)) writeFileSync(publicPath, `${signer.verifier.vkey}\n`, { mode: 0o644 });
    return { signer, known: parseVerifier(readFileSync(publicPath, 'utf8').trim()) };
  });
}

/**
 * The signer that the log's checkpoints call for. A crash may have come between the checkpoint that names a key and that
 * key taking its place: then it takes it now. A key that no checkpoint names was never used, and goes.
 */
export function settleKeys(directory: string, { signer }: Keys, current: Verifier): Signer {
  return orCannotOpen(directory, () => {
    const nextPath = join(directory, nextKeyFile);
    const next = existsSync(nextPath) ? readFileSync(nextPath, 'utf8') : null;
    if (signer.verifier.vkey === current.vkey) {
      if (next !== null) rmSync(nextPath);
      return signer;
    }
    const following = next === null ? null : parsePrivateKey(next);
    if (following?.verifier.vkey === current.vkey) {
      promoteNextKey(directory);
      return following;
    }
    throw new LogError(
      'damaged',
      `${privateKeyFile} in ${directory} is not the private half of ${current.vkey}, which follows from ${publicKeyFile}: restore the key`,
    );
  });
}

/** Makes the key that is to follow, on disk before anything names it. */
export function makeNextKey(directory: string, name: string): Signer {
  return orCannotOpen(directory, () => {
    const { signer, privateText } = generateSigner(name);
    const path = join(directory, nextKeyFile);
    rmSync(path, { force: true });
    writeFileSync(path, `${privateText}\n`, { mode: 0o600, flag: 'wx', flush: true });
    syncDirectory(directory);
    return signer;
  });
}

/** Puts the key that a checkpoint has named in the place of the one before, which is gone then. */
export function promoteNextKey(directory: string): void {
  renameSync(join(directory, nextKeyFile), join(directory, privateKeyFile));
  syncDirectory(directory);
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function orCannotOpen<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError(
      'cannot-open',
      `cannot read or make the keys in ${directory}: ${systemReason(error)}`,
      { cause: error },
    );
  }
}
