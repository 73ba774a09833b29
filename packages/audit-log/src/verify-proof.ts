/**
 * Verifies a proof with this folder and Node alone:
 *
 *     node src/verify-proof.ts PROOF PUBLIC-KEY-FILE [KEPT-CHECKPOINT-FILE]
 *
 * Exits 0 when it proves its entry, which is printed, 1 when it does not, 2 when the arguments cannot be used.
 */
import { readFileSync } from 'node:fs';
import { verifyProof } from './verifier/index.ts';

async function main(args: readonly string[]): Promise<number> {
  const [proofFile, keyFile, keptFile] = args;
  if (proofFile === undefined || keyFile === undefined || args.length > 3) {
    console.error('usage: node src/verify-proof.ts PROOF PUBLIC-KEY-FILE [KEPT-CHECKPOINT-FILE]');
    return 2;
  }
  let texts: readonly string[];
  try {
    texts = args.map((file) => readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
  const [proof = '', key = '', known] = texts;
  const verdict = await verifyProof(proof, {
    key: key.trim(),
    ...(keptFile === undefined || known === undefined ? {} : { known }),
  });
  console.log(JSON.stringify(verdict, null, 2));
  return verdict.proven ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
