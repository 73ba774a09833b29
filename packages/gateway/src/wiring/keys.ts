import { join } from 'node:path';
import type { GatewayConfig } from '../config/index.ts';
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

/** What rows are sealed with that somebody's power rests on. One that was named is the one of all gateways over a store. */
export function readStoreKey({ dataDirectory, storage: { sealKeyFile } }: GatewayConfig): Buffer {
  return readKeyFile({
    path: sealKeyFile ?? join(dataDirectory, 'store.key'),
    mayMake: sealKeyFile === undefined,
    what: 'store key',
    remedy: 'see storage.seal_key_file',
  });
}
