import { join } from 'node:path';
import { readKeyFile } from '../lib/key-file.ts';

/** What seals what is granted for a time, so that only this gateway can have granted it. Made at the first start. */
export function readApprovalKey(dataDirectory: string): Buffer {
  return readKeyFile({
    path: join(dataDirectory, 'approval.key'),
    mayMake: true,
    what: 'approval key',
    remedy: 'see that the gateway may',
  });
}
