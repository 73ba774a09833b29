import { z } from 'zod';

export const rotateTokenKeyBodySchema = z.strictObject({
  reason: z.string().trim().min(1).max(4_096).describe('Why; kept in the audit log.'),
});

export const tokenKeySchema = z.object({
  kid: z.string().describe('The key that signs from now on.'),
  retired: z.string().describe('The key that signed until now.'),
  verifiesUntil: z.iso.datetime().describe('When the last token of the retired key is over.'),
});
