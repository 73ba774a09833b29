export { type ConnectorConfig, connectorSection } from './config.ts';
export type { Connector, ConnectorTarget, OpenRequest, TargetAccess, TargetConnection } from './connector.ts';
export { type ConnectorDeps, createConnector } from './create-connector.ts';
export { ConnectorFault, type ConnectorFaultCode } from './fault.ts';
