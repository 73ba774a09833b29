import { join } from 'node:path';
import type { AuditLog } from '../audit/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import type { Containment } from '../containment/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { type Notifications, openNotifications } from '../notification/index.ts';
import { createStepUp, type StepUp } from '../step-up/index.ts';
import { createRowSeals, type RefusedRow, type RowSeals, type Storage } from '../storage/index.ts';
import type { Owned } from './closing.ts';

interface PeopleDependencies {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly storeKey: Uint8Array;
  readonly audit: Pick<AuditLog, 'append'>;
  random(bytes: number): string;
  readonly report: (fault: unknown) => void;
  readonly containment: Pick<Containment, 'objection'>;
}

/** How people are told, and what they prove with. Opened before what they are told of: they hear its end, too. */
export function openPeople(
  config: GatewayConfig,
  deps: PeopleDependencies,
  owned: Owned,
): { readonly notifications: Notifications; readonly stepUp: StepUp | null } {
  const { slackLinks: links, passkeys } = deps.storage;
  const isStillGood = (identity: Identity) => deps.containment.objection({ identity }) === null;
  const seals = owned(openSeals(config, deps));
  const notifications = owned(openNotifications(config.notification, { ...deps, links, seals, isStillGood }));
  const stepUp =
    config.stepUp === undefined ? null : createStepUp(config.stepUp, { ...deps, passkeys, seals });
  return { notifications, stepUp };
}

/** What is said of a row that counts as none. */
const REFUSED: Readonly<Record<RefusedRow['why'], string>> = {
  seal: 'no gateway wrote it so: its seal does not fit',
  older: 'it was replaced or removed since, and put back',
};
/** Most of a name that stands in a row, in characters. */
const SUBJECT_LENGTH = 1_024;

/** Whoever wrote such a row can write to the store: that is worth an entry, and looking into. */
function openSeals(
  config: GatewayConfig,
  { storage, storeKey, audit, report }: PeopleDependencies,
): RowSeals {
  return createRowSeals({
    key: storeKey,
    marksFile: join(config.dataDirectory, 'store.marks'),
    bus: storage.bus,
    refused({ table, row, subject, why }) {
      const reason = REFUSED[why];
      report(
        new Fault(
          'storage-unavailable',
          `A row of ${table} (${row}) in the store counts as none: ${reason}.`,
        ),
      );
      try {
        const facts = { table, row };
        audit.append({ type: 'row-refused', subject: subject.slice(0, SUBJECT_LENGTH), reason, facts });
      } catch (fault) {
        // It counts as none all the same.
        report(fault);
      }
    },
  });
}
