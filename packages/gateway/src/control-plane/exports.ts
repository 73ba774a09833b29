import type { ExportStatus } from '@sallyport/contract';
import type { Handlers } from './serve-routes.ts';

/** How the exports of the audit log are doing. */
export function exportHandlers({
  exports,
}: {
  exports(): readonly ExportStatus[];
}): Pick<Handlers, 'listExports'> {
  return { listExports: () => ({ exports: [...exports()] }) };
}
