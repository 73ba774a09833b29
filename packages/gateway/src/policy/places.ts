/** Where each type of resource has its place: what the parts of its path are called, and what it lies in. */
import type { ResourceType } from '../protocols/protocol.ts';

/** Resource types of the schema. */
export type PolicyResourceType = ResourceType;

export interface Place {
  /** The parts of its path, as attributes; the last is the thing itself. */
  readonly parts: readonly string[] | Recursive;
  /** What holds it: a type, and how many parts of its path are that one's. */
  readonly holders: readonly (readonly [type: PolicyResourceType, length: number])[];
}

/** A path of any length, in each of its beginnings that has at least `least` parts. */
export interface Recursive {
  readonly least: number;
}

const ANY: Recursive = { least: 0 };
const IN_TARGET = [['Target', 0]] as const;
const IN_DATABASE = [...IN_TARGET, ['Database', 1]] as const;
const IN_SCHEMA = [...IN_DATABASE, ['Schema', 2]] as const;
const IN_HOST = [...IN_TARGET, ['Host', 0]] as const;
const IN_CLUSTER = [...IN_TARGET, ['Cluster', 0]] as const;
const IN_NAMESPACE = [...IN_CLUSTER, ['Namespace', 1]] as const;
const IN_API = [...IN_TARGET, ['Api', 0]] as const;
const IN_MCP_SERVER = [...IN_TARGET, ['McpServer', 0]] as const;

export const PLACES: Readonly<Record<PolicyResourceType, Place>> = {
  Target: { parts: [], holders: [] },
  DataClass: { parts: ['name'], holders: IN_TARGET },

  Database: { parts: ['name'], holders: IN_TARGET },
  Schema: { parts: ['database', 'name'], holders: IN_DATABASE },
  Table: { parts: ['database', 'schema', 'name'], holders: IN_SCHEMA },
  Function: { parts: ['database', 'schema', 'name'], holders: IN_SCHEMA },
  Sequence: { parts: ['database', 'schema', 'name'], holders: IN_SCHEMA },
  Channel: { parts: ['database', 'name'], holders: IN_DATABASE },
  Role: { parts: ['name'], holders: IN_TARGET },
  Setting: { parts: ['name'], holders: IN_TARGET },
  File: { parts: ['name'], holders: IN_TARGET },
  ClientFile: { parts: ['name'], holders: IN_TARGET },
  ForeignServer: { parts: ['name'], holders: IN_TARGET },
  Extension: { parts: ['name'], holders: IN_TARGET },

  Host: { parts: [], holders: IN_TARGET },
  HostPath: { parts: ANY, holders: IN_HOST },
  // The program itself is the first part: there is no program without one.
  Program: { parts: { least: 1 }, holders: IN_HOST },
  Endpoint: { parts: ['host', 'port'], holders: IN_TARGET },

  Cluster: { parts: [], holders: IN_TARGET },
  Namespace: { parts: ['name'], holders: IN_CLUSTER },
  Kind: { parts: ['namespace', 'group', 'kind'], holders: IN_NAMESPACE },
  KubeObject: {
    parts: ['namespace', 'group', 'kind', 'name', 'subresource'],
    holders: [...IN_NAMESPACE, ['Kind', 3]],
  },
  KubeUrl: { parts: ANY, holders: IN_CLUSTER },

  Api: { parts: [], holders: IN_TARGET },
  Route: { parts: ANY, holders: IN_API },

  McpServer: { parts: [], holders: IN_TARGET },
  Tool: { parts: ['name'], holders: IN_MCP_SERVER },
  McpResource: { parts: ['name'], holders: IN_MCP_SERVER },
  Prompt: { parts: ['name'], holders: IN_MCP_SERVER },
};

export function isRecursive(parts: Place['parts']): parts is Recursive {
  return 'least' in parts;
}
