import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { KnownFacts } from './entities.ts';

/** The actions of the schema that can be asked for. */
export type Vocabulary = Record<string, Word>;

/** One action: the resource types it applies to, its groups, and what is known of its use. */
export interface Word {
  readonly types: readonly string[];
  readonly groups: readonly string[];
  /** Attributes of its context that come from the evaluation. */
  readonly facts: KnownFacts;
}

export interface CheckTask {
  readonly schema: string;
  readonly texts: readonly string[];
}

/** Something wrong with the policy at `index`, or with the whole set, at a byte offset of its text. */
export interface CheckFinding {
  readonly index: number | null;
  readonly offset: number;
  readonly message: string;
}

export interface CheckAnswer {
  /** By position in the task; null where parsing failed. */
  readonly policies: (CheckedPolicy | null)[];
  readonly findings: readonly CheckFinding[];
  readonly vocabulary: Vocabulary;
}

export interface CheckedPolicy {
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string | null>>;
  /** Cedar's reading of it as JSON text: passing it on as objects would cost stack for each level of nesting. */
  readonly json: string;
}

/** The schema every policy is validated against. */
export function readSchema(): string {
  return readFileSync(new URL('./schema.cedarschema', import.meta.url), 'utf8');
}

/** A worker file of this room, whether this runs from source or built. */
export function workerFile(name: string): URL {
  return new URL(`./${name}.worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}

/** Reads and validates policies where nothing can be hurt. Rejects when the worker died or took too long. */
export async function checkPolicies(
  task: CheckTask,
  limits: { readonly checkMs: number; readonly workerMemoryMb: number },
): Promise<CheckAnswer> {
  const worker = new Worker(workerFile('cedar-check'), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: limits.workerMemoryMb, stackSizeMb: 16 },
    env: {},
    execArgv: [],
  });
  let late: NodeJS.Timeout | undefined;
  try {
    return await new Promise<CheckAnswer>((resolve, reject) => {
      late = setTimeout(
        () => reject(new Error(`checking took longer than ${limits.checkMs} ms (limit checkMs)`)),
        limits.checkMs,
      );
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the checking worker ended without an answer')));
    });
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}
