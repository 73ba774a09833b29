import { type ApprovalDependencies, type ApprovalRoom, createApprovals } from '../approval/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import type { Containment } from '../containment/index.ts';
import type { Owned } from './closing.ts';
import { readApprovalKey } from './keys.ts';

type Surroundings = Omit<ApprovalDependencies, 'config' | 'key' | 'isContained'> & {
  readonly containment: Pick<Containment, 'objection'>;
};

/** Where operations meet people, with what was granted and reviewed before. */
export async function openApprovals(
  config: GatewayConfig,
  { containment, ...surroundings }: Surroundings,
  owned: Owned,
): Promise<ApprovalRoom> {
  const approvals = owned(
    createApprovals({
      ...surroundings,
      config: config.approval,
      key: readApprovalKey(config.dataDirectory),
      isContained: (identity) => containment.objection({ identity }) !== null,
    }),
  );
  await approvals.load();
  return approvals;
}
