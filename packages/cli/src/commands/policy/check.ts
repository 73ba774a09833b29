import { exitCode, Failure } from '../../failure.ts';
import { jsonText, oneLine, type Terminal } from '../../terminal.ts';

/** Checks a policy directory as the gateway would before it puts it in force. */
export async function checkPolicies(
  directory: string,
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { loadPolicyDirectory } = await import('@sallyport/gateway');
  const { files, policies, version, errors } = await loadPolicyDirectory(directory);
  if (options.json === true) {
    const shown = policies.map(({ id, effect, file, line, requirement }) => ({
      id,
      effect,
      file,
      line,
      requirement,
    }));
    terminal.out(jsonText({ version, policies: shown, errors }, 2));
  } else {
    for (const { file, line, message } of errors) {
      terminal.out(`${oneLine(file)}${line === 0 ? '' : `:${line}`}: ${oneLine(message)}`);
    }
    if (errors.length === 0) {
      terminal.out(
        `${terminal.paint.good('good')}: ${policies.length} policies in ${files.length} files, version ${version}`,
      );
    }
  }
  if (errors.length > 0)
    throw new Failure(
      exitCode.failed,
      `${errors.length} ${errors.length === 1 ? 'problem' : 'problems'} in ${directory}: a gateway would keep the policies it has.`,
    );
}
