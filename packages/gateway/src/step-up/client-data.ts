import { z } from 'zod';
import { Fault } from '../lib/fault.ts';

const clientData = z.object({ challenge: z.string().max(128), crossOrigin: z.boolean().default(false) });

/** What is needed of the browser's part before anything is verified: all of it is the sender's until then. */
export function clientDataOf(base64url: string): z.output<typeof clientData> {
  const parsed = clientData.safeParse(jsonOf(Buffer.from(base64url, 'base64url').toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new Fault('not-permitted', 'This is not what a browser gives for a passkey.');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
