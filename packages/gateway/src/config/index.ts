export { addClassified } from './classified.ts';
export { type GatewayConfig, type ListenerConfig, loadConfig } from './config.ts';
export { describeConfig } from './describe.ts';
export { configurationEntry } from './digests.ts';
export { exampleConfig } from './example.ts';
