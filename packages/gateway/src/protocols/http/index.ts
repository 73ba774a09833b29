export { createHttpProtocol } from './http.ts';
export { type HttpOptions, httpSection } from './section.ts';
