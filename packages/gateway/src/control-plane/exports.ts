import { type ExportStatus, routes } from '@sallyport/contract';
import type { FastifyInstance } from 'fastify';
import { Fault } from '../lib/fault.ts';
import type { CallerOf } from './authentication.ts';
import type { ControlPlaneConfig } from './section.ts';

/** How the exports of the audit log are doing: for auditors and operators, and not for agents that act for them. */
export function exportRoutes(
  app: FastifyInstance,
  { exports }: { exports(): readonly ExportStatus[] },
  callerOf: CallerOf,
  { auditors, operators }: ControlPlaneConfig['roles'],
): void {
  app.get(routes.listExports.path, async (request) => {
    const { actor, groups } = callerOf(request);
    const may =
      actor === null && groups.some((group) => auditors.includes(group) || operators.includes(group));
    if (!may) {
      throw new Fault(
        'not-permitted',
        'Only auditors and operators see how exports are doing; see controlPlane.roles.',
      );
    }
    return { exports: exports() };
  });
}
