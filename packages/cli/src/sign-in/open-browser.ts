import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a browser can be expected to open where the person sits. */
export function canOpen(environment: Environment): boolean {
  if ((environment.BROWSER ?? '') !== '') return true;
  if ((environment.SSH_CONNECTION ?? '') !== '') return false;
  if (process.platform === 'darwin' || process.platform === 'win32') return true;
  return (environment.DISPLAY ?? '') !== '' || (environment.WAYLAND_DISPLAY ?? '') !== '';
}

/** Opens an address that was found safe. Resolves to whether something was started; no shell reads the address. */
export function openBrowser(url: string, environment: Environment): Promise<boolean> {
  const [command, args] = opener(environment);
  return new Promise((resolve) => {
    const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

function opener({ BROWSER }: Environment): [command: string, args: readonly string[]] {
  if (BROWSER !== undefined && BROWSER !== '') return [BROWSER, []];
  if (process.platform === 'darwin') return ['open', []];
  if (process.platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler']];
  return ['xdg-open', []];
}
