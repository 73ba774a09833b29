import type { CaseReport, CaseResult } from '@sallyport/gateway';
import { exitCode, Failure } from '../../failure.ts';
import { jsonText, oneLine, type Terminal } from '../../terminal.ts';

/** Runs the cases beside the policies. */
export async function testPolicies(
  directory: string,
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { runCases } = await import('@sallyport/gateway');
  const show = (result: CaseResult): void => {
    if (options.json === true) terminal.out(jsonText({ passed: result.differences.length === 0, ...result }));
    else showResult(result, terminal);
  };
  const report = await runCases(directory, show).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new Failure(exitCode.usage, `There is no directory ${directory}: name the one with the policies.`, {
      cause,
    });
  });
  const failed = report.results.filter(({ differences }) => differences.length > 0).length;
  const passed = report.results.length - failed;
  if (options.json === true)
    terminal.out(jsonText({ summary: { passed, failed, unexercised: report.unexercised } }));
  else showSummary(report, passed, failed, terminal);
  if (report.results.length === 0) {
    const remedy = 'write some in cases.yaml beside the policies (docs/policy-tools.md)';
    throw new Failure(exitCode.failed, `There are no cases in ${directory}: ${remedy}.`);
  }
  if (failed > 0)
    throw new Failure(exitCode.failed, `${failed} ${failed === 1 ? 'case fails' : 'cases fail'}.`);
}

function showResult({ file, line, name, differences, policies }: CaseResult, { out, paint }: Terminal): void {
  if (differences.length === 0) {
    out(`${paint.good('ok  ')}  ${oneLine(name)}`);
    return;
  }
  out(`${paint.bad('FAIL')}  ${oneLine(name)}  ${paint.dim(`${oneLine(file)}:${line}`)}`);
  for (const difference of differences) out(`        ${oneLine(difference)}`);
  if (policies.length > 0) out(paint.dim(`        decided by ${oneLine(policies.join(', '))}`));
}

function showSummary(
  { unexercised }: CaseReport,
  passed: number,
  failed: number,
  { out, err, paint }: Terminal,
): void {
  if (unexercised.length > 0) {
    err(paint.wait(`No case exercises ${unexercised.length === 1 ? 'this policy' : 'these policies'}:`));
    for (const { id, file, line } of unexercised) err(`  ${oneLine(`${id} (${file}:${line})`)}`);
  }
  out(`${passed} passed, ${failed} failed`);
}
