import type { ServerResponse } from 'node:http';
import { type ClientConnection, type Incoming, lingerOn } from './client.ts';
import type { Answer } from './problem.ts';

/** Writes the answer to one request; `closing` ends the connection with it. Resolves with whether it was all written. */
export async function respond(
  client: ClientConnection,
  { request, response }: Incoming,
  answer: Answer,
  closing: boolean,
): Promise<boolean> {
  if (response.destroyed || response.headersSent) return false;
  const written = finished(response);
  const bodiless = request.method === 'HEAD' || answer.status === 204 || answer.status === 304;
  const headers = answer.headers.flat();
  if (!bodiless) headers.push('content-length', String(answer.body.length));
  if (closing) headers.push('connection', 'close');
  response.sendDate = false;
  response.writeHead(answer.status, headers);
  if (!bodiless) response.write(answer.body);
  if (closing && !request.complete) lingerOn(request, () => response.end());
  else response.end();
  const delivered = await written;
  if (closing && !delivered) client.close();
  return delivered;
}

function finished(response: ServerResponse): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  response.once('finish', () => resolve(true));
  response.once('close', () => resolve(response.writableFinished));
  response.once('error', () => resolve(false));
  return promise;
}
