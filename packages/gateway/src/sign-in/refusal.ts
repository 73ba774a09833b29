import { Fault } from '../lib/fault.ts';

/** A sign-in that is refused. `why` is in fixed words: nothing of a token, a code or a response gets into it. */
export function refusal(why: string, cause?: unknown): Fault {
  return new Fault(
    'credential-rejected',
    `The sign-in was refused: ${why}.`,
    cause === undefined ? {} : { cause },
  );
}

export function unavailable(name: string, why: string, cause?: unknown): Fault {
  return new Fault(
    'issuer-unavailable',
    `Could not use "${name}": ${why}.`,
    cause === undefined ? {} : { cause },
  );
}

/** The fault inside what a library threw, if that is what it comes from. */
export function faultIn(error: unknown): Fault | null {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth += 1) {
    if (one instanceof Fault) return one;
  }
  return null;
}
