import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment } from '../time.ts';
import { readToken } from '../token.ts';

/** Shows who one is, as the gateway sees it. */
export async function whoami(
  options: ControlPlaneOptions & { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const me = await asking(options, terminal, (client) => client.whoami());
  if (options.json === true) {
    const { csrfToken: _, ...shown } = me;
    return terminal.out(jsonText(shown, 2));
  }
  const lines: readonly (readonly [name: string, value: string])[] = [
    ['subject', me.subject],
    ['name', me.displayName],
    ['kind', me.kind],
    ['groups', me.groups.length === 0 ? '(none)' : me.groups.join(', ')],
    ['actor', me.actor ?? '(none)'],
    ['task', me.task ?? '(none)'],
    ['until', `${moment(me.expiresAt)} UTC`],
  ];
  for (const [name, value] of lines) terminal.out(`${terminal.paint.dim(name.padEnd(8))}${oneLine(value)}`);
}

/** Prints the access token and nothing else, for programs that take it as a password. */
export async function token(options: ControlPlaneOptions, terminal: Terminal): Promise<void> {
  terminal.out(await readToken(placesOf(options), terminal));
}

function placesOf({ url, tokenFile }: ControlPlaneOptions) {
  return { option: tokenFile, environment: process.env, url };
}
