/** What `policy explain` shows to people. Names come from statements and catalogs: all of it is made inert. */
import { exactly, oneLine, pad, type Terminal } from '../../terminal.ts';
import type { Explained, ExplainedEvaluation, Placed } from './explain.ts';

export function showExplained(explained: Explained, terminal: Terminal): void {
  const { out, paint } = terminal;
  const { target, database, catalog, effect, reason, policies } = explained;
  const where = database === '' ? target : `${target}, database ${database}`;
  out(`${oneLine(where)} (catalog: ${catalog}), policies ${explained.policyVersion}`);
  out('');
  out(paint.bold('What it does, and what the policies say'));
  const width = Math.max(...explained.evaluations.map(({ effect: one }) => EFFECTS[one].length));
  for (const evaluation of explained.evaluations) out(`  ${saying(evaluation, width, terminal)}`);
  out('');
  const why = reason ?? `by ${listOf(policies)}`;
  out(`${painted(effect, terminal)}: ${oneLine(why)}`);
  if (explained.undetermined !== null) out(`its effect cannot be told: ${oneLine(explained.undetermined)}`);
  if (explained.connect !== 'permit')
    out(`${paint.bad('but no session:')} connect on Target ${oneLine(target)} is not permitted to them`);
  if (explained.access === 'read-only')
    out('the session would be read-only: connect_writable is not permitted to them');
  showObligations(explained, terminal);
  showRemedy(explained, terminal);
}

const EFFECTS = { permit: 'permit', deny: 'deny', approval: 'hold', unavailable: 'no answer' } as const;

function doing({ action, object, columns, via, roles }: ExplainedEvaluation): string {
  const used = columns === null ? '' : columns.length === 0 ? ' (no column)' : ` (${columns.join(', ')})`;
  const purpose = roles === null || roles.length === 0 ? '' : ` to ${roles.join(', ')}`;
  return `${action} ${object}${used}${purpose}${via.length === 0 ? '' : ` through ${via.join(', ')}`}`;
}

function saying(evaluation: ExplainedEvaluation, width: number, { paint }: Terminal): string {
  const { effect, policies, note } = evaluation;
  const word = pad(EFFECTS[effect], width);
  const colour = effect === 'permit' ? paint.good : effect === 'approval' ? paint.wait : paint.bad;
  const by = policies.length === 0 ? (note ?? '') : `${listOf(policies)}${note === null ? '' : ` (${note})`}`;
  return `${colour(word)}  ${oneLine(doing(evaluation))}  ${paint.dim(oneLine(by))}`;
}

function listOf(policies: readonly Placed[]): string {
  return policies.map(({ id, file, line }) => (file === '' ? id : `${id} (${file}:${line})`)).join(', ');
}

function painted(effect: Explained['effect'], { paint }: Terminal): string {
  if (effect === 'permit') return paint.good('permit');
  return effect === 'hold' ? paint.wait('hold') : paint.bad('deny');
}

function showObligations({ obligations, risk, shadow }: Explained, { out, paint }: Terminal): void {
  for (const obligation of obligations) {
    if (obligation.kind === 'limit') {
      const { rows, bytes, timeoutMs, perMinute } = obligation;
      const limits = [
        ...(rows === null ? [] : [`${rows} rows`]),
        ...(bytes === null ? [] : [`${bytes} bytes`]),
        ...(timeoutMs === null ? [] : [`${timeoutMs} ms`]),
        ...perMinute.map(({ policy, most }) => `${most} a minute by ${policy}`),
      ];
      out(`at most: ${oneLine(limits.join(', '))}`);
      continue;
    }
    const { revealed } = obligation;
    out(
      revealed.length === 0
        ? 'masked: every class'
        : `masked: every class but ${oneLine(revealed.join(', '))}`,
    );
  }
  out(
    `risk: ${risk.score} of 100${risk.reasons.length === 0 ? '' : `: ${oneLine(risk.reasons.join(', '))}`}`,
  );
  if (shadow !== null) {
    const by = shadow.policies.length === 0 ? '' : ` by ${shadow.policies.join(', ')}`;
    out(
      paint.wait(
        `in shadow it would be ${shadow.effect}${oneLine(by) === '' ? '' : ` ${oneLine(by)}`}: ${oneLine(shadow.reason)}`,
      ),
    );
  }
}

function showRemedy(explained: Explained, { out, paint }: Terminal): void {
  const { remedy, approvals, effect, evaluations, undetermined } = explained;
  const { forbidden, missing } = remedy;
  if (effect === 'permit') return;
  out('');
  out(paint.bold('What would permit it'));
  if (forbidden.length > 0) {
    out(`  nothing, while ${oneLine(listOf(forbidden))} ${forbidden.length === 1 ? 'forbids' : 'forbid'} it`);
    return;
  }
  if (effect === 'hold') {
    const who = approvals.map(({ group, seats }) => `${seats} of ${group}`).join(' and ');
    out(
      `  an approval by ${oneLine(who)}; with --approved ${oneLine(approvals[0]?.group ?? '')} it is looked at as approved`,
    );
    return;
  }
  if (missing !== null) {
    out('  a policy such as this, if that is what you want:');
    out('');
    for (const line of missing.trimEnd().split('\n')) out(`    ${exactly(line)}`);
  }
  if (missing !== null && evaluations.some((one) => one.effect === 'approval')) {
    out('');
    out('  and then an approval, for what is marked hold');
  }
  if (undetermined !== null) {
    if (missing !== null) out('');
    out('  and a statement whose effect can be told: write it in a simpler way');
  }
}
