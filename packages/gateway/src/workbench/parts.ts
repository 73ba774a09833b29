import { randomBytes } from 'node:crypto';
import type { GatewayConfig } from '../config/index.ts';
import { createMasking, maskingSection } from '../masking/index.ts';
import { policySection } from '../policy/index.ts';
import { httpSection } from '../protocols/index.ts';
import { type CatalogChoice, chooseCatalogs } from './catalogs.ts';
import type { WorkbenchParts } from './workbench.ts';

/** The parts of a workbench for a configuration; `policies` is another directory than the one it names. */
export function partsOf(config: GatewayConfig, catalogs: CatalogChoice, policies?: string): WorkbenchParts {
  const directory = policies ?? config.policy.directory;
  return {
    policy: { ...config.policy, directory },
    masking: createMasking(config.masking),
    targets: config.connector.targets,
    http: config.http,
    random: randomBytes,
    sourceOf: chooseCatalogs(catalogs, config, randomBytes),
  };
}

/** The parts where there are policies and no configuration: for policies that are tested by themselves. */
export function partsWithout(
  policies: string,
  targets: WorkbenchParts['targets'],
  catalogs: CatalogChoice,
): WorkbenchParts {
  return {
    policy: policySection.parse({ directory: policies, watch: false }),
    masking: createMasking(maskingSection.parse({})),
    targets,
    http: httpSection.parse({}),
    random: randomBytes,
    sourceOf: chooseCatalogs(catalogs, null, randomBytes),
  };
}
