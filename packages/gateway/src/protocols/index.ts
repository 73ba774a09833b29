export { type HttpOptions, httpSection } from './http/index.ts';
export { createProtocols, type ProtocolOptions, protocolNames } from './registry.ts';
