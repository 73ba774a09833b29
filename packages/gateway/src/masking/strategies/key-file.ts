import { join } from 'node:path';
import { readKeyFile } from '../../lib/key-file.ts';
import type { MaskingConfig } from '../section.ts';
import { needsKey } from './strategies.ts';

/** The key that strategies of a configuration draw by; null when none of them does. */
export function readMaskingKey(
  { classes, key_file }: Pick<MaskingConfig, 'classes' | 'key_file'>,
  dataDirectory: string,
): Buffer | null {
  if (!needsKey(classes)) return null;
  return readKeyFile({
    path: key_file ?? join(dataDirectory, 'masking.key'),
    mayMake: key_file === undefined,
    what: 'masking key',
    remedy: 'see that the gateway may, or name another masking.key_file',
  });
}
