import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ConnectorConfig } from '@sallyport/connector';
import type { ApprovalConfig } from '../approval/index.ts';
import type { AuditConfig, Named } from '../audit/index.ts';
import type { AuditIndexConfig } from '../audit-index/index.ts';
import type { ContainmentConfig } from '../containment/index.ts';
import type { ControlPlaneConfig } from '../control-plane/index.ts';
import type { ExportConfig } from '../export/index.ts';
import type { IdentityConfig } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { MaskingConfig } from '../masking/index.ts';
import type { MetricsConfig } from '../metrics/index.ts';
import type { NotificationConfig } from '../notification/index.ts';
import type { PolicyConfig } from '../policy/index.ts';
import type { HttpOptions } from '../protocols/index.ts';
import type { Limits } from '../protocols/protocol.ts';
import type { RecordingConfig } from '../recording/index.ts';
import type { SignInSection } from '../sign-in/index.ts';
import type { StepUpConfig } from '../step-up/index.ts';
import type { StorageConfig } from '../storage/index.ts';
import type { TracingConfig } from '../tracing/index.ts';
import { parseAddress } from './address.ts';
import { sectionDigests } from './digests.ts';
import { readDocument } from './document.ts';
import { renameKeys } from './key-names.ts';
import { listProblems, problemsOf, unknownKey } from './problems.ts';
import { schemaTree } from './schema-tree.ts';
import { type GatewaySection, gatewaySection } from './sections.ts';
import { missingFiles, unsafeDoors } from './surroundings.ts';

/** As in the file: a listener's keys are not renamed. */
interface ListenerTls {
  readonly cert_file: string;
  readonly key_file: string;
  readonly request_client_certificates: boolean;
  readonly client_ca_file?: string | undefined;
}

export interface ListenerConfig {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  /** Absolute paths of PEM files. */
  readonly tls: ListenerTls | undefined;
  /** How people are asked about what comes in here, where the client does not say. */
  readonly approval?: 'hold' | 'return';
}

/** A configuration that was read and found good. Every path in it is absolute, except those of `connector`. */
export interface GatewayConfig {
  /** The file it was read from. */
  readonly file: string;
  readonly dataDirectory: string;
  readonly listeners: readonly ListenerConfig[];
  readonly controlPlane: ControlPlaneConfig;
  readonly metrics: MetricsConfig;
  readonly tracing: TracingConfig;
  readonly identity: IdentityConfig;
  readonly signIn: SignInSection;
  readonly connector: ConnectorConfig;
  /** What the connector reads secrets from: the variables its targets name, and the folder of the file. */
  readonly secrets: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly baseDir: string;
  };
  readonly policy: PolicyConfig;
  readonly approval: ApprovalConfig;
  readonly notification: NotificationConfig;
  readonly stepUp: StepUpConfig | undefined;
  readonly containment: ContainmentConfig;
  readonly masking: MaskingConfig;
  readonly recording: RecordingConfig;
  readonly audit: AuditConfig & { readonly export: readonly ExportConfig[] };
  readonly auditIndex: AuditIndexConfig;
  readonly storage: StorageConfig;
  readonly limits: Limits & { readonly maxConnections: number; readonly failedLoginsPerMinute: number };
  readonly http: HttpOptions;
  readonly log: GatewaySection['log'];
  /** SHA-256 of each section, defaults filled in, by its name in the file. */
  readonly digests: readonly Named[];
}

/** Largest configuration file. */
const FILE_BYTES = 4_194_304;

/**
 * Reads the configuration. Throws Fault `config-invalid` whose message lists everything wrong with it, one a line:
 * `file:line:column: key: what was found, what is allowed`.
 */
export function loadConfig(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): GatewayConfig {
  const file = resolve(path);
  const document = readDocument(readText(path, file));
  if (document.mistakes.length > 0) {
    const lines = document.mistakes.map(
      ({ line, column, message }) => `${path}:${line}:${column}: ${message}`,
    );
    throw new Fault('config-invalid', lines.join('\n'));
  }
  const tree = schemaTree();
  const { value, unknown } = renameKeys(tree, document.value ?? {});
  const parsed = gatewaySection.safeParse(value);
  const problems = unknown.map((one) => unknownKey(tree, one));
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(tree, value, issue)));
  }
  problems.push(...unsafeDoors(value), ...missingFiles(value, dirname(file)));
  if (parsed.success && problems.length === 0) return resolved(parsed.data, file, environment);
  throw new Fault('config-invalid', listProblems(path, document, problems));
}

function readText(path: string, file: string): string {
  try {
    const { size } = statSync(file);
    if (size <= FILE_BYTES) return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Fault(
      'config-invalid',
      `Could not read the configuration ${path} (${why}): "sallyport init ${path}" writes one to begin with.`,
      { cause },
    );
  }
  throw new Fault('config-invalid', `The configuration ${path} is over ${FILE_BYTES} bytes.`);
}

function resolved(
  section: GatewaySection,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const base = dirname(file);
  const dataDirectory = resolve(base, section.dataDirectory);
  const inData = (given: string | undefined, name: string) =>
    given === undefined ? resolve(dataDirectory, name) : resolve(base, given);
  const { targets, connector, listeners, controlPlane, ...rest } = section;
  const { postgres } = section.storage;
  const keyFile = section.masking.key_file;
  return {
    ...rest,
    file,
    digests: sectionDigests(section),
    dataDirectory,
    listeners: listeners.map(({ protocol, listen, tls, approval }) => ({
      protocol,
      ...(approval === undefined ? {} : { approval }),
      ...(parseAddress(listen) ?? { host: '', port: 0 }),
      tls: tls && listenerTls(tls, base),
    })),
    controlPlane: {
      ...controlPlane,
      tls: controlPlane.tls && {
        keyFile: resolve(base, controlPlane.tls.keyFile),
        certFile: resolve(base, controlPlane.tls.certFile),
        requestClientCertificates: controlPlane.tls.requestClientCertificates,
        clientCaFile: controlPlane.tls.clientCaFile && resolve(base, controlPlane.tls.clientCaFile),
      },
      policies: controlPlane.policies && resolve(base, controlPlane.policies),
    },
    connector: { targets, limits: connector.limits },
    secrets: {
      baseDir: base,
      environment: { ...named(targets, environment), ...oneOf(postgres?.passwordEnv, environment) },
    },
    identity: withSecrets(section.identity, base),
    notification: notificationPaths(section.notification, base),
    stepUp: section.stepUp,
    policy: { ...section.policy, directory: resolve(base, section.policy.directory) },
    masking: { ...section.masking, ...(keyFile === undefined ? {} : { key_file: resolve(base, keyFile) }) },
    recording: {
      ...section.recording,
      directory: inData(section.recording.directory, 'recordings'),
      storageCredentials: inFolder(base, section.recording.storageCredentials),
    },
    audit: {
      ...section.audit,
      directory: inData(section.audit.directory, 'audit'),
      export: section.audit.export.map((one) => withPaths(one, base)),
    },
    tracing: {
      ...section.tracing,
      caFile: at(base, section.tracing.caFile),
      headerFile: at(base, section.tracing.headerFile),
    },
    auditIndex: { directory: inData(section.auditIndex.directory, 'index') },
    storage: {
      ...section.storage,
      directory: inData(section.storage.directory, 'store'),
      sealKeyFile: at(base, section.storage.sealKeyFile),
      postgres: postgres && withStoreFiles(postgres, base),
    },
  };
}

function listenerTls(tls: NonNullable<GatewaySection['listeners'][number]['tls']>, base: string) {
  return {
    cert_file: resolve(base, tls.cert_file),
    key_file: resolve(base, tls.key_file),
    request_client_certificates: tls.request_client_certificates,
    client_ca_file: at(base, tls.client_ca_file),
  };
}

function at(base: string, file: string | undefined): string | undefined {
  return file && resolve(base, file);
}

/** Where sign-in finds its secrets and certificates. */
function withSecrets(identity: IdentityConfig, base: string): IdentityConfig {
  const issuers = identity.issuers.map((issuer) => {
    const web = issuer.signIn?.web;
    if (issuer.signIn === undefined || web?.clientSecretFile === undefined) return issuer;
    const found = { ...web, clientSecretFile: resolve(base, web.clientSecretFile) };
    return { ...issuer, signIn: { ...issuer.signIn, web: found } };
  });
  const saml = identity.saml.map((one) => ({
    ...one,
    idpCertFiles: one.idpCertFiles.map((file) => resolve(base, file)),
    requestKeyFile: one.requestKeyFile && resolve(base, one.requestKeyFile),
  }));
  return { ...identity, issuers, saml };
}

/** Keys of an export or a channel that name a file. */
const NAMING_FILES: ReadonlySet<string> = new Set([
  'path',
  'caFile',
  'certFile',
  'keyFile',
  'secretFile',
  'headerFile',
  'urlFile',
  'passwordFile',
  'tokenFile',
  'signingSecretFile',
]);

function notificationPaths(section: NotificationConfig, base: string): NotificationConfig {
  const { slack, channels } = section;
  return {
    ...section,
    ...(slack === undefined ? {} : { slack: withPaths(slack, base) }),
    channels: channels.map((one) => withPaths(one, base)),
  };
}

function withPaths<T extends object>(one: T, base: string): T {
  const entries = Object.entries(one).map(([key, value]) =>
    typeof value === 'string' && NAMING_FILES.has(key) ? [key, resolve(base, value)] : [key, value],
  );
  return Object.fromEntries(entries) as T;
}

function withStoreFiles(
  postgres: NonNullable<StorageConfig['postgres']>,
  base: string,
): NonNullable<StorageConfig['postgres']> {
  const at = (file: string | undefined) => file && resolve(base, file);
  const { caFile, certFile, keyFile } = postgres.tls;
  const tls = { ...postgres.tls, caFile: at(caFile), certFile: at(certFile), keyFile: at(keyFile) };
  return { ...postgres, passwordFile: at(postgres.passwordFile), tls };
}

/** Files of credentials, as absolute paths. */
function inFolder(
  base: string,
  files: RecordingConfig['storageCredentials'],
): RecordingConfig['storageCredentials'] {
  if (files === undefined) return undefined;
  const { accessKeyIdFile, secretAccessKeyFile, sessionTokenFile } = files;
  return {
    accessKeyIdFile: resolve(base, accessKeyIdFile),
    secretAccessKeyFile: resolve(base, secretAccessKeyFile),
    sessionTokenFile: sessionTokenFile && resolve(base, sessionTokenFile),
  };
}

function oneOf(
  name: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return name === undefined ? {} : { [name]: environment[name] };
}

/** Only the variables that credentials name: nothing else of the environment leaves this room. */
function named(
  targets: ConnectorConfig['targets'],
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const names = targets.flatMap(({ credential }) =>
    Object.entries(credential).flatMap(([key, value]) => (key.endsWith('_env') ? [String(value)] : [])),
  );
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}
