import type { LintFinding } from '@sallyport/gateway';
import { exitCode, Failure } from '../../failure.ts';
import { jsonText, oneLine, type Terminal } from '../../terminal.ts';

export interface CheckOptions {
  /** What is only suspicious fails too. */
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Checks a policy directory as the gateway would before it puts it in force, and says what in a good one is odd. */
export async function checkPolicies(
  directory: string,
  options: CheckOptions,
  terminal: Terminal,
): Promise<void> {
  const { lintPolicies, loadPolicyDirectory } = await import('@sallyport/gateway');
  const loaded = await loadPolicyDirectory(directory);
  const { files, policies, version, errors } = loaded;
  const findings = errors.length === 0 ? lintPolicies(loaded) : [];
  if (options.json === true) {
    const shown = policies.map(({ id, effect, file, line, requirement }) => ({
      id,
      effect,
      file,
      line,
      requirement,
    }));
    terminal.out(jsonText({ version, policies: shown, errors, findings }, 2));
  } else {
    for (const { file, line, message } of errors) {
      terminal.out(`${oneLine(file)}${line === 0 ? '' : `:${line}`}: ${oneLine(message)}`);
    }
    for (const finding of findings) terminal.out(odd(finding, terminal));
    if (errors.length === 0) {
      terminal.out(
        `${terminal.paint.good('good')}: ${policies.length} policies in ${files.length} files, version ${version}`,
      );
    }
  }
  if (errors.length > 0)
    throw new Failure(
      exitCode.failed,
      `${counted(errors.length)} in ${directory}: a gateway would keep the policies it has.`,
    );
  if (options.strict === true && findings.length > 0)
    throw new Failure(
      exitCode.failed,
      `${counted(findings.length)} in ${directory}: a gateway would take it; --strict does not.`,
    );
}

function odd({ file, line, policy, kind, message }: LintFinding, { paint }: Terminal): string {
  return `${oneLine(file)}:${line}: ${paint.wait('warning')}: "${oneLine(policy)}" ${oneLine(message)} (${kind})`;
}

function counted(problems: number): string {
  return `${problems} ${problems === 1 ? 'problem' : 'problems'}`;
}
