import type { Command } from 'commander';
import { DEFAULT_URL, withControlPlane } from './control-plane.ts';
import type { Terminal } from './terminal.ts';

const SIGNING_IN = `
Asks the gateway how one signs in, then the issuer itself: with a browser on this machine (authorization code with PKCE),
or with a code to enter on any device. Identity providers that speak SAML are signed in with through the gateway.
The login is kept for you alone in ~/.local/state/sallyport (XDG_STATE_HOME), renewed by itself, and shown to this
gateway only. "sallyport token" prints the access token for programs that take one as their password.

Examples:
  sallyport login                              the only issuer there is, in whatever way fits here
  sallyport login --issuer company --device    by a code, on a machine without a browser
  PGPASSWORD=$(sallyport token) psql "host=gateway.internal port=6432 user=warehouse dbname=app"

Exit codes: 0 signed in; 1 the gateway or issuer cannot be reached; 2 arguments; 3 refused`;

/** The commands about who one is. */
export function addSignIn(program: Command, terminal: Terminal): void {
  const where = `where the control plane is (default: SALLYPORT_URL, or ${DEFAULT_URL})`;
  program
    .command('login')
    .description('sign in, and stay signed in for the commands that follow')
    .option('--url <url>', where)
    .option('--issuer <name>', 'which issuer or identity provider, where the gateway has several')
    .option('--device', 'by a code that is entered on any device')
    .option('--browser', 'with a browser on this machine')
    .option('--no-open', 'only print the address')
    .option('--json', 'as JSON')
    .addHelpText('after', SIGNING_IN)
    .action(async (options) => (await import('./commands/login.ts')).login(options, terminal));
  program
    .command('logout')
    .description('revoke the saved login where it came from, and forget it')
    .option('--url <url>', where)
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/logout.ts')).logout(options, terminal));
  withControlPlane(program.command('whoami').description('who you are, as the gateway sees it'))
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./commands/whoami.ts')).whoami(options, terminal));
  withControlPlane(
    program
      .command('token')
      .description('print the access token, and nothing else, for a program that takes it as its password'),
  ).action(async (options) => (await import('./commands/whoami.ts')).token(options, terminal));
}
