import type { AccessRequest } from '@sallyport/contract';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { span } from '../time.ts';
import { whoOf } from './requests.ts';

export interface DecideOptions extends ControlPlaneOptions {
  readonly reason?: string;
  readonly json?: boolean;
  /** Seconds. */
  readonly grant?: number;
}

export async function approve(id: string, options: DecideOptions, terminal: Terminal): Promise<void> {
  const one = await asking(options, terminal, (client) =>
    client.approve({
      id,
      reason: options.reason ?? '',
      ...(options.grant === undefined ? {} : { grantSeconds: options.grant }),
    }),
  );
  if (options.json === true) return terminal.out(jsonText(one, 2));
  const verb =
    one.state === 'approved' ? terminal.paint.good('approved') : 'your approval counts; more are needed for';
  const grant = options.grant === undefined ? '' : ` for ${span(options.grant * 1_000)}`;
  terminal.out(`${verb} ${one.id}${grant}: ${summary(one)}`);
}

export async function deny(
  id: string,
  options: DecideOptions & { readonly reason: string },
  terminal: Terminal,
): Promise<void> {
  const one = await asking(options, terminal, (client) => client.deny({ id, reason: options.reason }));
  if (options.json === true) return terminal.out(jsonText(one, 2));
  terminal.out(`${terminal.paint.bad('denied')} ${one.id}: ${summary(one)}`);
}

export async function cancel(id: string, options: DecideOptions, terminal: Terminal): Promise<void> {
  const one = await asking(options, terminal, (client) => client.cancelAccessRequest({ id }));
  if (options.json === true) return terminal.out(jsonText(one, 2));
  terminal.out(`cancelled ${one.id}: ${summary(one)}`);
}

function summary(one: AccessRequest): string {
  return `${oneLine(one.form)} at ${oneLine(one.target)}, asked by ${whoOf(one)}`;
}
