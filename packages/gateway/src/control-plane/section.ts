import { z } from 'zod';

/** Keys of every `tls`, here and of listeners. */
export const requestClientCertificates = z
  .boolean()
  .default(false)
  .describe(
    'Whether clients are asked for a certificate, so that tokens can be bound to it (docs/identity.md). Nobody has to show one.',
  );
export const clientCaFile = z
  .string()
  .min(1)
  .optional()
  .describe(
    'PEM file of authorities: clients are asked for a certificate, and one that is shown must be of theirs. Absent: any will do.',
  );

/** The `controlPlane` section of the configuration. */
export const controlPlaneSection = z.strictObject({
  listen: z
    .string()
    .regex(
      /^(?:[a-zA-Z0-9.-]{1,253}|\[[0-9a-fA-F:]{2,45}\]):\d{1,5}$/,
      'must be host:port, such as 127.0.0.1:7403',
    )
    .refine((text) => parseListen(text).port <= 65_535, 'must have a port up to 65535')
    .default('127.0.0.1:7403')
    .describe(
      'Where the control plane listens. Port 0 takes a free one. An address other than loopback needs `tls`.',
    ),
  tls: z
    .strictObject({
      keyFile: z.string().min(1).describe('PEM file of the private key.'),
      certFile: z.string().min(1).describe('PEM file of the certificate chain.'),
      requestClientCertificates,
      clientCaFile,
    })
    .optional()
    .describe('Serves https. Required for an address other than loopback.'),
  allowedHosts: z
    .array(z.string().min(1).max(253))
    .max(64)
    .default([])
    .describe(
      'Host names clients may use beside the listen address and loopback; others are refused (DNS rebinding).',
    ),
  allowedOrigins: z
    .array(z.url())
    .max(64)
    .default([])
    .describe('Web origins whose pages may call the control plane. None by default.'),
  roles: z
    .strictObject({
      admins: z
        .array(z.string().min(1))
        .max(64)
        .default([])
        .describe('Groups whose members may do what operators may, and change what others may do.'),
      approvers: z
        .array(z.string().min(1))
        .max(64)
        .default([])
        .describe(
          'Groups of whom one must be in to decide access requests, beside the group that policy names. Empty: that group is enough.',
        ),
      auditors: z
        .array(z.string().min(1))
        .max(64)
        .default([])
        .describe(
          'Groups whose members may list and read every session and recording, and search the audit log.',
        ),
      operators: z
        .array(z.string().min(1))
        .max(64)
        .default([])
        .describe('Groups whose members may list every session and end it, but not read recordings.'),
    })
    .prefault({})
    .describe('Which groups have which role here. What a role may do, policies say (docs/control-plane.md).'),
  policies: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Directory with .cedar policies of your own for the control plane, relative to the configuration file. Absent: only those built in.',
    ),
  bodyBytes: z.number().int().min(1_024).max(1_048_576).default(65_536).describe('Largest request body.'),
  requestsPerMinute: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(600)
    .describe('Requests per minute from one address; more are answered 429.'),
  callerRequestsPerMinute: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(600)
    .describe('Requests per minute of one caller, from whatever addresses; more are answered 429.'),
  failedLoginsPerMinute: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(60)
    .describe(
      'Rejected tokens per minute from one address; then every request from it with a token is answered 429.',
    ),
  requestSeconds: z
    .number()
    .min(1)
    .max(600)
    .default(30)
    .describe('Longest time a client may take to send a request, in seconds.'),
  connections: z.number().int().min(1).max(100_000).default(1_000).describe('Most connections open at once.'),
});

export type ControlPlaneConfig = z.output<typeof controlPlaneSection>;

/** Host and port of a `listen` value; brackets of an IPv6 address are taken off. */
export function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(':');
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) };
}
