/** Where a workbench knows from what is in a target: the target itself, a saved catalog, or an assumption. */
import { type Connector, createConnector, type TargetConnection } from '@sallyport/connector';
import type { GatewayConfig } from '../config/index.ts';
import { Fault } from '../lib/fault.ts';
import type { ListedTable, Study, StudyLink, StudySource } from '../protocols/protocol.ts';

export type ReadCatalog = (source: StudySource) => Promise<Study>;

/** Reads the catalog of one target, or of a part of it. Rejects with Fault `target-unavailable`. */
export type SourceOf = (
  target: { readonly name: string; readonly protocol: string },
  facet: string,
  read: ReadCatalog,
) => Promise<{ readonly catalog: StudySource['kind']; readonly study: Study }>;

export type CatalogChoice =
  /** The target, or an assumption where it cannot be read. */
  | { readonly kind: 'auto'; assumed(why: string): void }
  | { readonly kind: 'live' }
  | { readonly kind: 'assumed' }
  | { readonly kind: 'saved'; readonly catalog: unknown }
  | { readonly kind: 'listed'; readonly tables: readonly ListedTable[] };

/** Longest time for the connector to dial and log in, in milliseconds. */
const REACH_MS = 15_000;

/**
 * The catalogs of a configuration's targets. Only the connector reads credentials (L7), and what it connects carries
 * the protocol's own fixed questions only: nothing of a statement that is looked at ever reaches the target.
 */
export function chooseCatalogs(
  choice: CatalogChoice,
  config: Pick<GatewayConfig, 'connector' | 'secrets'> | null,
  random: (bytes: number) => Buffer,
): SourceOf {
  const connector =
    config === null ? null : createConnector(config.connector, { randomBytes: random, ...config.secrets });
  const live = (target: string, facet: string): StudySource => ({
    kind: 'live',
    open: () => openLink(connector, target, facet),
  });
  return async ({ name }, facet, read) => {
    switch (choice.kind) {
      case 'saved':
      case 'listed':
      case 'assumed':
        return { catalog: choice.kind, study: await reading(name, facet, read(choice)) };
      case 'live':
        return { catalog: 'live', study: await reading(name, facet, read(live(name, facet))) };
      case 'auto': {
        try {
          return { catalog: 'live', study: await reading(name, facet, read(live(name, facet))) };
        } catch (fault) {
          choice.assumed(fault instanceof Error ? fault.message : String(fault));
          return { catalog: 'assumed', study: await read({ kind: 'assumed' }) };
        }
      }
    }
  };
}

async function reading(target: string, facet: string, study: Promise<Study>): Promise<Study> {
  try {
    return await study;
  } catch (cause) {
    const part = facet === '' ? '' : `, database ${facet}`;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('target-unavailable', `the catalog of target ${target}${part} cannot be read: ${why}`, {
      cause,
    });
  }
}

async function openLink(connector: Connector | null, target: string, facet: string): Promise<StudyLink> {
  if (connector === null) throw new Error('there is no configuration to reach a target with');
  const signal = AbortSignal.timeout(REACH_MS);
  // As the role of a session that may change something: `$user` in a search path stands for it.
  const access = 'read-write';
  const connection: TargetConnection = await connector.open({ target, facet, startup: {}, access, signal });
  return {
    facts: connection.facts,
    send: (bytes) => void connection.write(bytes),
    onReply: (handler) => connection.onData(handler),
    onClose: (handler) => connection.onClose(handler),
    close: () => connection.close(),
  };
}
