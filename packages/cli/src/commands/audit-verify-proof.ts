import { type Proven, verifyProof } from '@sallyport/audit-log/verifier';
import { exitCode, Failure } from '../failure.ts';
import { exactly, jsonText, oneLine, type Terminal } from '../terminal.ts';
import { readCheckpoint, readWhole } from './audit-log.ts';

export interface VerifyProofOptions {
  /** The log's public key, or a file with it. */
  readonly key: string;
  /** A checkpoint that was kept: the proof must show that the log only grew since. */
  readonly from?: string;
  /** Files with public keys of witnesses, one on a line. */
  readonly witness?: readonly string[];
  readonly quorum?: number;
  readonly json?: boolean;
}

/** Checks a proof with the public key alone: no log, no gateway, no network. */
export async function checkProof(
  file: string,
  options: VerifyProofOptions,
  terminal: Terminal,
): Promise<void> {
  const text = file === '-' ? await terminal.readInput() : readWhole(file, 'proof', 'a');
  const witnesses = (options.witness ?? []).flatMap((one) =>
    linesOf(keyText(one, 'witness key', '--witness')),
  );
  if ((options.quorum ?? 0) > witnesses.length) {
    throw new Failure(
      exitCode.usage,
      `--quorum ${options.quorum} cannot be met by ${witnesses.length} witnesses: name more with --witness.`,
    );
  }
  const verdict = await verifyProof(text, {
    key: keyText(options.key, 'public key', '--key').trim(),
    witnesses,
    ...(options.quorum === undefined ? {} : { quorum: options.quorum }),
    ...(options.from === undefined ? {} : { known: readCheckpoint(options.from, '--from') }),
  });
  if (options.json === true) terminal.out(jsonText(verdict, 2));
  if (!verdict.proven) {
    const code = verdict.code === 'key-malformed' ? exitCode.usage : exitCode.failed;
    throw new Failure(code, `NOT PROVEN (${verdict.code}): ${verdict.reason}.`);
  }
  if (options.json !== true) for (const line of report(verdict, terminal)) terminal.out(line);
}

/** A key as it is, or from a file. A vkey has plus signs and no file name of ours begins like one. */
function keyText(given: string, what: string, option: string): string {
  return /^[^+\s]+\+[0-9a-f]{8}\+\S+$/.test(given) ? given : readWhole(given, what, option);
}

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function report(verdict: Proven, { paint }: Terminal): readonly string[] {
  const { index, size, entry, signedBy, grewFrom, witnesses } = verdict;
  const lines = [
    `${paint.good('proven')}  entry ${index} is in the log, under a checkpoint over ${size} entries`,
    `        signed by ${oneLine(signedBy)}`,
  ];
  if (grewFrom !== null)
    lines.push(`        the log only grew since the checkpoint over ${grewFrom} entries`);
  for (const { witness, time } of witnesses)
    lines.push(`        seen by ${oneLine(witness)} at ${instant(time * 1000)}`);
  const time = typeof entry.time === 'number' ? ` at ${instant(entry.time)}` : '';
  return [...lines, '', `        written${time} by the gateway's clock:`, exactly(JSON.stringify(entry))];
}

/** Whatever number a signer wrote. */
function instant(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms` : date.toISOString();
}
