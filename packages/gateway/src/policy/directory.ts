import { createHash, hash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Named } from '../audit/index.ts';
import { type PermitLimit, readAnnotations } from './annotations.ts';
import type { AskTerms } from './ask-terms.ts';
import { asksRisk } from './asks-risk.ts';
import {
  type CheckAnswer,
  type CheckFinding,
  checkPolicies,
  readSchema,
  type Vocabulary,
} from './cedar-check.ts';
import { defaultPolicyLimits, type PolicyLimits } from './config.ts';
import type { ApprovalRequirement } from './decision.ts';
import { countLines, cutPolicies, type PolicyError, type PolicySource } from './source.ts';

/** A policy that may be put in force. */
export interface LoadedPolicy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  /** The approval it needs, or null: then it permits or forbids by itself. */
  readonly requirement: ApprovalRequirement | null;
  /** What else it says of the asking, or null. */
  readonly ask: AskTerms | null;
  /** What an operation may take at most that it permits, or null. */
  readonly limit: PermitLimit | null;
  /** Evaluated, and never counted: only what it would have changed is recorded. */
  readonly shadow: boolean;
  readonly text: string;
  /** Cedar's own reading of the text. */
  readonly json: PolicyJson;
  readonly file: string;
  readonly line: number;
}

export interface PolicyFile extends Named {
  readonly policies: number;
}

/** A policy directory as it was read. It may be put in force only if `errors` is empty. */
export interface PolicyDirectory {
  readonly directory: string;
  /** In the order of their names. */
  readonly files: readonly PolicyFile[];
  readonly policies: readonly LoadedPolicy[];
  /** 16 hex digits over the schema and every file's name and bytes. */
  readonly version: string;
  readonly vocabulary: Vocabulary;
  /** Whether any policy asks for the risk of an operation. */
  readonly asksRisk: boolean;
  readonly errors: readonly PolicyError[];
}

/** A file, or the place of one that was not read: it is part of the version, so that it is never taken for absent. */
type File = { readonly name: string; readonly bytes: Buffer | null };

/**
 * Reads every `*.cedar` file of a directory (not below it), caps sizes and nesting, then parses and validates
 * strictly in a worker that is thrown away. Never rejects: what is wrong is in `errors`.
 */
export async function loadPolicyDirectory(
  directory: string,
  limits: PolicyLimits = defaultPolicyLimits,
  schema: string = readSchema(),
): Promise<PolicyDirectory> {
  const read = await readFiles(directory, limits);
  const version = versionOf(schema, read.files);
  const errors = [...read.errors];
  const sources: PolicySource[] = [];
  const files = read.files.map(({ name, bytes }) => {
    if (bytes === null) return { name, policies: 0, sha256: null };
    const text = decode(bytes);
    const cut =
      text === null
        ? { policies: [], errors: [{ file: name, line: 0, message: 'is not UTF-8' }] }
        : cutPolicies(name, text);
    sources.push(...cut.policies);
    errors.push(...cut.errors);
    return { name, policies: cut.policies.length, sha256: hash('sha256', bytes, 'hex') };
  });
  if (errors.length === 0) errors.push(...overLimit(directory, sources, limits));
  const loaded = { directory, files, version };
  if (errors.length > 0) return { ...loaded, policies: [], vocabulary: {}, asksRisk: false, errors };
  const checked = await checkSources(directory, schema, sources, limits);
  return { ...loaded, ...checked, asksRisk: checked.policies.some(({ json }) => asksRisk(json)) };
}

/** The version the directory's files make up now, valid or not. Never rejects. */
export async function policyVersion(directory: string, limits: PolicyLimits): Promise<string> {
  const { files } = await readFiles(directory, limits);
  return versionOf(readSchema(), files);
}

async function readFiles(
  directory: string,
  limits: PolicyLimits,
): Promise<{ files: File[]; errors: PolicyError[] }> {
  const files: File[] = [];
  const errors: PolicyError[] = [];
  const wrong = (file: string, message: string) => errors.push({ file, line: 0, message });
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.cedar')).sort(byCodeUnit);
    if (names.length > limits.files)
      wrong(directory, `holds ${names.length} policy files, the limit files is ${limits.files}`);
    for (const [at, name] of names.entries()) {
      const bytes = at < limits.files ? await readPolicyFile(directory, name, limits, wrong) : null;
      files.push({ name, bytes });
    }
  } catch (cause) {
    wrong(directory, `cannot be read: ${messageOf(cause)}`);
  }
  return { files, errors };
}

async function readPolicyFile(
  directory: string,
  name: string,
  { fileBytes }: PolicyLimits,
  wrong: (file: string, message: string) => void,
): Promise<Buffer | null> {
  try {
    const { size } = await stat(join(directory, name));
    if (size <= fileBytes) return await readFile(join(directory, name));
    wrong(name, `is ${size} bytes long, the limit fileBytes is ${fileBytes}`);
  } catch (cause) {
    wrong(name, `cannot be read: ${messageOf(cause)}`);
  }
  return null;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function versionOf(schema: string, files: readonly File[]): string {
  const hash = createHash('sha256');
  for (const { name, bytes } of [{ name: '', bytes: Buffer.from(schema) }, ...files]) {
    // Lengths first: moving bytes from one file to the next is another version.
    hash.update(`${Buffer.byteLength(name)} ${bytes?.length ?? 'unread'} ${name}`).update(bytes ?? '');
  }
  return hash.digest('hex').slice(0, 16);
}

function overLimit(directory: string, sources: readonly PolicySource[], limits: PolicyLimits): PolicyError[] {
  if (sources.length === 0) {
    const message = 'holds no policy, so everything would be denied: write one in a file ending in .cedar';
    return [{ file: directory, line: 0, message }];
  }
  if (sources.length > limits.policies) {
    const message = `holds ${sources.length} policies, the limit policies is ${limits.policies}`;
    return [{ file: directory, line: 0, message }];
  }
  return sources.flatMap(({ file, line, nesting, operators }) => {
    const errors: PolicyError[] = [];
    if (nesting > limits.nesting) {
      errors.push({
        file,
        line,
        message: `brackets nest ${nesting} deep, the limit nesting is ${limits.nesting}`,
      });
    }
    if (operators > limits.operators) {
      errors.push({
        file,
        line,
        message: `has ${operators} operators, the limit operators is ${limits.operators}: split the policy`,
      });
    }
    return errors;
  });
}

async function checkSources(
  directory: string,
  schema: string,
  sources: readonly PolicySource[],
  limits: PolicyLimits,
): Promise<Pick<PolicyDirectory, 'policies' | 'vocabulary' | 'errors'>> {
  let answer: CheckAnswer;
  try {
    answer = await checkPolicies({ schema, texts: sources.map(({ text }) => text) }, limits);
  } catch (cause) {
    const largest = sources.reduce((a, b) => (b.nesting + b.operators > a.nesting + a.operators ? b : a));
    const message = `checking the set failed, most likely at this policy, the largest: ${messageOf(cause)}`;
    return { policies: [], vocabulary: {}, errors: [{ file: largest.file, line: largest.line, message }] };
  }
  const errors = answer.findings.map((finding) => locate(directory, sources, finding));
  const policies: LoadedPolicy[] = [];
  const taken = new Map<string, PolicySource>();
  const seen = new Map<string, number>();
  for (const [index, source] of sources.entries()) {
    const { file, line, text } = source;
    const place = (seen.get(file) ?? 0) + 1;
    seen.set(file, place);
    const parsed = answer.policies[index];
    if (parsed === undefined || parsed === null) continue;
    const annotated = readAnnotations(parsed.effect, parsed.annotations ?? {});
    if (typeof annotated === 'string') {
      errors.push({ file, line, message: annotated });
      continue;
    }
    const id = annotated.id ?? `${file}#${place}`;
    const first = taken.get(id);
    if (first !== undefined) {
      errors.push({
        file,
        line,
        message: `policy id "${id}" is taken by ${first.file}:${first.line}: ids must differ`,
      });
      continue;
    }
    taken.set(id, source);
    const json: PolicyJson = JSON.parse(parsed.json);
    policies.push({ ...annotated, id, effect: parsed.effect, text, json, file, line });
  }
  return { policies: errors.length === 0 ? policies : [], vocabulary: answer.vocabulary, errors };
}

function locate(directory: string, sources: readonly PolicySource[], finding: CheckFinding): PolicyError {
  const source = finding.index === null ? undefined : sources[finding.index];
  if (source === undefined) return { file: directory, line: 0, message: finding.message };
  // Cedar counts bytes.
  const before = Buffer.from(source.text).toString('utf8', 0, finding.offset);
  return { file: source.file, line: source.line + countLines(before), message: finding.message };
}

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
