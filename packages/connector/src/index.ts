export type { Connector, ConnectorTarget, OpenRequest, TargetConnection } from './connector.ts';
