import { createHash } from 'node:crypto';

/** Digest of what a person was shown: the holder counts their word only if that is what waits. */
export function shownDigest(shown: {
  readonly text: string | null;
  readonly parameters: readonly string[] | null;
  readonly target: string;
  readonly requirements: readonly { readonly group: string; readonly seats: number }[];
}): string {
  const { text, parameters, target, requirements } = shown;
  const whole = [text, parameters, target, requirements.map(({ group, seats }) => [group, seats])];
  return createHash('sha256').update(JSON.stringify(whole)).digest('hex');
}
