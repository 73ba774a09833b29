/** The whole configuration as one schema: each room's section, and the few keys that belong to no room. */
import { connectorSection } from '@sallyport/connector';
import { z } from 'zod';
import { approvalSection } from '../approval/index.ts';
import { auditSection } from '../audit/index.ts';
import { auditIndexSection } from '../audit-index/index.ts';
import { containmentSection } from '../containment/index.ts';
import { clientCaFile, controlPlaneSection, requestClientCertificates } from '../control-plane/index.ts';
import { exportSection } from '../export/index.ts';
import { identitySection } from '../identity/index.ts';
import { maskingSection } from '../masking/index.ts';
import { metricsSection } from '../metrics/index.ts';
import { notificationSection } from '../notification/index.ts';
import { policySection } from '../policy/index.ts';
import { httpSection, protocolNames } from '../protocols/index.ts';
import { recordingSection } from '../recording/index.ts';
import { signInSection } from '../sign-in/index.ts';
import { stepUpSection } from '../step-up/index.ts';
import { storageSection } from '../storage/index.ts';
import { tracingSection } from '../tracing/index.ts';
import { parseAddress } from './address.ts';

const MIB = 1_048_576;

const tlsFiles = z
  .strictObject({
    cert_file: z.string().min(1).describe('PEM file of the certificate chain.'),
    key_file: z.string().min(1).describe('PEM file of the private key.'),
    request_client_certificates: requestClientCertificates,
    client_ca_file: clientCaFile,
  })
  .describe('Serves TLS. Required for an address other than loopback.');

const listener = z
  .strictObject({
    protocol: z.enum(protocolNames).describe('What is spoken here; its targets must speak the same.'),
    listen: z
      .string()
      .refine((text) => parseAddress(text) !== null, 'must be host:port, such as 127.0.0.1:6432')
      .describe('Where to listen. Port 0 takes a free one. An address other than loopback needs `tls`.'),
    tls: tlsFiles.optional(),
    approval: z
      .enum(['hold', 'return'])
      .optional()
      .describe(
        'What becomes of an operation that needs people, for clients of this door that do not say (docs/approvals.md). Default: `approval.mode`.',
      ),
  })
  .describe('One outer door.');

const limits = z.strictObject({
  messageBytes: z
    .int()
    .min(1_024)
    .max(1_024 * MIB)
    .default(16 * MIB)
    .describe('Largest single message from a client, in bytes.'),
  replyMessageBytes: z
    .int()
    .min(1_024)
    .max(1_024 * MIB)
    .default(64 * MIB)
    .describe('Largest single message from a target, in bytes.'),
  statementBytes: z
    .int()
    .min(256)
    .max(16 * MIB)
    .default(MIB)
    .describe('Longest statement or request head that is parsed, in bytes; a longer one is refused.'),
  queueBytes: z
    .int()
    .min(1_024)
    .max(256 * MIB)
    .default(MIB)
    .describe('Most bytes queued for one client that waits for a decision.'),
  pipelinedOperations: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Most operations under way at once on one connection.'),
  namedStatements: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Most prepared statements, portals and cursors of one session.'),
  handshakeMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe('Longest time from accept to a complete credential, in milliseconds.'),
  maxConnections: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2_000)
    .describe('Most connections open at once on one listener.'),
  failedLoginsPerMinute: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(300)
    .describe(
      'Credentials rejected per minute from one address, over all listeners; then none from it is looked at for a while.',
    ),
});

const log = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('Least important line that is written to standard error.'),
});

/** A folder that has its place below `data_directory` unless it is given. */
const folder = (name: string, what: string) =>
  z.string().min(1).optional().describe(`${what} Default: \`${name}\` in data_directory.`);

const audit = auditSection.extend({
  directory: folder('audit', 'Folder of the audit log. One log per gateway replica.'),
  export: exportSection.default([]),
});
const auditIndex = auditIndexSection.extend({
  directory: folder('index', 'Folder of the index, readable by the gateway only.'),
});
const recording = recordingSection.extend({
  directory: folder('recordings', 'Folder of the recordings; each is <date>/<session id>.rec below it.'),
});
const storage = storageSection.extend({
  directory: folder('store', 'Folder of the embedded store, readable by the gateway only.'),
});

/** Every key of the file. Keys are snake_case in the file, whatever a room calls them: see key-names.ts. */
export const gatewaySection = z.strictObject({
  dataDirectory: z
    .string()
    .min(1)
    .default('./data')
    .describe(
      'Folder for everything the gateway writes: audit log and its index, recordings, store. Made when missing.',
    ),
  listeners: z.array(listener).min(1).max(64).describe('The outer doors: where clients connect.'),
  controlPlane: controlPlaneSection
    .prefault({})
    .describe('The API for people and their tools: access requests, sessions, recordings.'),
  identity: identitySection.describe('Whose tokens are accepted, and how they are read.'),
  signIn: signInSection
    .prefault({})
    .describe('Signing in at the control plane with a browser: sessions and their limits (docs/sign-in.md).'),
  targets: connectorSection.shape.targets,
  policy: policySection.describe('Who may do what: Cedar policies in files (docs/policies.md).'),
  approval: approvalSection.prefault({}).describe('Putting operations before people.'),
  notification: notificationSection
    .prefault({})
    .describe('Telling people that something waits for them (docs/notifications.md).'),
  stepUp: stepUpSection
    .optional()
    .describe(
      'Passkeys for approvals where policy says `@approval_step_up("webauthn")` (docs/approvals.md).',
    ),
  containment: containmentSection
    .prefault({})
    .describe('What was revoked, and whom it is about (docs/containment.md).'),
  masking: maskingSection,
  recording: recording.prefault({}).describe('The replayable transcript of every session.'),
  audit: audit
    .prefault({})
    .describe('The tamper-evident log that every decision is in before it takes effect.'),
  auditIndex: auditIndex
    .prefault({})
    .describe(
      'The index for searching the audit log (docs/audit-search.md). It can be made anew at any time.',
    ),
  storage: storage
    .prefault({})
    .describe(
      'The store: access requests and sessions, for looking things up. Embedded, or on PostgreSQL (docs/storage.md).',
    ),
  limits: limits.prefault({}).describe('Limits of the data path. Going over one is an error that names it.'),
  http: httpSection.prefault({}).describe('Limits of HTTP listeners, and what they let through.'),
  connector: z
    .strictObject({ limits: connectorSection.shape.limits })
    .prefault({})
    .describe('The connector, which dials targets and logs in to them.'),
  metrics: metricsSection.prefault({}).describe('Numbers of what the gateway does (docs/control-plane.md).'),
  tracing: tracingSection
    .prefault({})
    .describe('Traces of operations, for an OpenTelemetry collector (docs/tracing.md).'),
  log: log
    .prefault({})
    .describe("The gateway's own log. It never holds operation text, parameters or reply values."),
});

export type GatewaySection = z.output<typeof gatewaySection>;
