/** What is wrong with a configuration, in words: where, what was found, what is allowed. */
import type { z } from 'zod';
import { nearest } from './did-you-mean.ts';
import type { ConfigDocument } from './document.ts';
import { fileKey, filePath, showPath } from './key-names.ts';
import {
  allowedAt,
  isRefused,
  keysOf,
  nodeAt,
  type SchemaNode,
  type SchemaPath,
  valuesOf,
} from './schema-tree.ts';

/** One thing wrong, at a path of the file. */
export interface ConfigProblem {
  readonly path: SchemaPath;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** The problems behind one issue of the schema. `value` is what the file holds, under the schema's names. */
export function problemsOf(root: SchemaNode, value: unknown, issue: Issue): readonly ConfigProblem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol') as SchemaPath;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(root, filePath([...path, key])));
  }
  if (issue.code === 'invalid_key') {
    // The name is the file's own, so it is shown as the file has it.
    const named = [...filePath(path.slice(0, -1)), ...path.slice(-1)];
    const why = issue.issues.map(({ message }) => message).join(', ');
    return [{ path: named, message: `is not allowed as a name here: ${why}` }];
  }
  return [{ path: filePath(path), message: explain(root, path, valueAt(value, path), issue) }];
}

/** A key of the file that means nothing. */
export function unknownKey(root: SchemaNode, path: SchemaPath): ConfigProblem {
  const key = String(path.at(-1));
  const parent = nodeOfFile(root, path.slice(0, -1));
  const known = [...(parent === null ? [] : keysOf(parent))].filter(([, child]) => !isRefused(child));
  const names = known.map(([name]) => fileKey(name));
  const guess = nearest(key, names);
  const meant = guess === null ? '' : `did you mean "${guess}"? `;
  return { path, message: `is not a known key; ${meant}known here: ${names.join(', ')}` };
}

function explain(root: SchemaNode, path: SchemaPath, found: unknown, issue: Issue): string {
  const node = nodeAt(root, path);
  const allowed = node === null ? 'something else' : allowedAt(node);
  if (issue.code === 'invalid_type' && issue.expected === 'never') return issue.message;
  if (found === undefined) {
    const what = node?.description === undefined ? '' : ` (${node.description})`;
    return `is missing; give ${allowed}${what}`;
  }
  const shown = show(found, path);
  if (issue.code === 'custom' || issue.code === 'invalid_format')
    return `${shown} is not allowed: ${issue.message}`;
  if (issue.code === 'invalid_union' && issue.errors.length === 0) return discriminator(issue, shown, found);
  if (issue.code === 'invalid_value')
    return `${shown} is not allowed; give ${allowed}${meant(issue.values, found)}`;
  return `${shown} is not allowed; give ${allowed}`;
}

function discriminator(issue: Issue, shown: string, found: unknown): string {
  const options =
    'options' in issue && Array.isArray(issue.options) ? [...new Set(issue.options.map(String))] : [];
  return `${shown} is not allowed; give one of ${options.join(', ')}${meant(options, found)}`;
}

function meant(values: readonly unknown[], found: unknown): string {
  const guess = typeof found === 'string' ? nearest(found, values.map(String)) : null;
  return guess === null ? '' : ` (did you mean "${guess}"?)`;
}

/** Keys whose value, even a wrong one, is nobody's to read. */
const SECRET = /password|passphrase|secret|token|private|credential|^value$/;
const LONGEST_SHOWN = 60;

function show(found: unknown, path: SchemaPath): string {
  const key = path.findLast((step) => typeof step === 'string') ?? '';
  if (found === null) return 'an empty value';
  if (Array.isArray(found)) return 'a list';
  if (typeof found === 'object') return 'a mapping of keys to values';
  // A URL with a user name in it most likely has a password in it too.
  if (SECRET.test(key) || (typeof found === 'string' && /\/\/[^/]*@/.test(found)))
    return 'the text given (not shown: it may be a secret)';
  if (typeof found !== 'string') return JSON.stringify(found);
  return JSON.stringify(found.length > LONGEST_SHOWN ? `${found.slice(0, LONGEST_SHOWN)}…` : found);
}

function valueAt(value: unknown, path: SchemaPath): unknown {
  let part = value;
  for (const step of path) {
    part =
      typeof part === 'object' && part !== null
        ? (part as Record<string | number, unknown>)[step]
        : undefined;
  }
  return part;
}

function nodeOfFile(root: SchemaNode, path: SchemaPath): SchemaNode | null {
  let node: SchemaNode | null = root;
  for (const step of path) {
    if (node === null) return null;
    if (typeof step === 'number') node = nodeAt(node, [step]);
    else node = [...keysOf(node)].find(([name]) => fileKey(name) === step)?.[1] ?? valuesOf(node);
  }
  return node;
}

/** Most problems that are listed: whoever has more begins with these. */
const MOST_PROBLEMS = 100;

/** All problems as one text, in the order of the file. */
export function listProblems(
  file: string,
  document: Pick<ConfigDocument, 'positionOf'>,
  problems: readonly ConfigProblem[],
): string {
  const placed = problems.map((problem) => ({ ...problem, ...document.positionOf(problem.path) }));
  const ordered = placed.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const lines = ordered.map(({ path, message, line, column }) => {
    const key = path.length === 0 ? '' : `${showPath(path)}: `;
    return `${file}:${line}:${column}: ${key}${message}`;
  });
  const distinct = [...new Set(lines)];
  const more = distinct.length - MOST_PROBLEMS;
  return [...distinct.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`${file}: and ${more} more`] : [])].join('\n');
}
