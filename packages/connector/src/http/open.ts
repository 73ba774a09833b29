import type { OpenRequest, TargetConnection } from '../connector.ts';
import { ConnectorFault } from '../fault.ts';
import type { HttpTarget } from '../target.ts';

/** Rejects: HTTP targets are not there yet. */
export async function openHttp(target: HttpTarget, _request: OpenRequest): Promise<TargetConnection> {
  throw new ConnectorFault('request-invalid', target.name, 'HTTP targets cannot be opened yet');
}
