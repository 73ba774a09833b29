/** docs/configuration.md, written from the schema: `npm run docs`. */
import { fileKey } from './key-names.ts';
import {
  allowedAt,
  alternativesOf,
  isRefused,
  type SchemaNode,
  schemaTree,
  valuesOf,
} from './schema-tree.ts';

const HEAD = `# Configuration

<!-- Written by "npm run docs" from the schemas of the rooms. Do not edit. -->

One YAML file; \`sallyport init\` writes a commented one to begin with. Relative paths start at the folder of the file.
An unknown key is an error, and every error names the file, the line, the key, what was found and what is allowed.
Secrets are never written here: a credential names a file (recommended) or an environment variable.
`;

/** The reference of every key as Markdown. */
export function describeConfig(): string {
  const tree = schemaTree();
  const sections: string[] = [];
  const top: string[] = [];
  for (const [key, node] of Object.entries(tree.properties ?? {})) {
    if (isTable(node)) sections.push(section(fileKey(key), node));
    else top.push(row(fileKey(key), node, tree));
  }
  return `${HEAD}\n## Top level\n\n${table(top)}\n${sections.join('\n')}`;
}

function isTable(node: SchemaNode): boolean {
  return alternativesOf(node.items ?? node).some((choice) => choice.properties !== undefined);
}

function section(name: string, node: SchemaNode): string {
  const shape = node.items ?? node;
  const choices = alternativesOf(shape);
  const what = node.description ?? shape.description ?? '';
  const listed = node.items === undefined ? '' : ' A list; each entry has the keys below.';
  if (choices.length === 1)
    return `## ${name}\n\n${what}${listed}\n\n${table(rows(choices[0] ?? shape, ''))}`;
  const parts = choices.map((choice) => {
    return `### ${name}: ${distinction(choice)}\n\n${choice.description ?? ''}\n\n${table(rows(choice, ''))}`;
  });
  return `## ${name}\n\n${what}${listed}\n\n${parts.join('\n')}`;
}

/** What tells one alternative from the others, such as "protocol: postgres". */
function distinction(choice: SchemaNode): string {
  const [key, node] =
    Object.entries(choice.properties ?? {}).find(([, one]) => one.const !== undefined) ?? [];
  return key === undefined ? 'otherwise' : `\`${fileKey(key)}: ${String(node?.const)}\``;
}

/** A row for each key below an object; keys of objects in it follow with their path. */
function rows(node: SchemaNode, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    if (isRefused(child)) return [];
    const path = `${prefix}${fileKey(key)}`;
    const own = row(path, child, node);
    const values = valuesOf(child);
    if (values !== null) return [own, ...rowsOfChoices(alternativesOf(values), `${path}.<name>.`)];
    if (!isTable(child)) return [own];
    const below = `${path}${child.items === undefined ? '' : '[]'}.`;
    return [own, ...rowsOfChoices(alternativesOf(child.items ?? child), below)];
  });
}

function rowsOfChoices(choices: readonly SchemaNode[], prefix: string): string[] {
  const seen = new Set<string>();
  return choices
    .flatMap((choice) => rows(choice, prefix))
    .filter((line) => !seen.has(line) && seen.add(line) !== undefined);
}

function row(path: string, node: SchemaNode, parent: SchemaNode): string {
  const key = path.split('.').at(-1) ?? path;
  const required = (parent.required ?? []).map(fileKey).includes(key);
  const otherwise = required ? 'required' : showDefault(node);
  return `| \`${path}\` | ${cell(allowedIn(node))} | ${cell(otherwise)} | ${cell(node.description ?? '')} |`;
}

function allowedIn(node: SchemaNode): string {
  if (isTable(node)) return node.items === undefined ? 'mapping' : 'list';
  return allowedAt(node);
}

function showDefault({ default: value }: SchemaNode): string {
  if (value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)) {
    return Array.isArray(value) ? 'none' : '';
  }
  if (Array.isArray(value)) return value.map((one) => `\`${String(one)}\``).join(', ');
  if (typeof value === 'string') return value === '' ? 'empty' : `\`${value}\``;
  return typeof value === 'object' ? '' : `\`${JSON.stringify(value)}\``;
}

function table(lines: readonly string[]): string {
  return `| key | allowed | default | meaning |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function cell(text: string): string {
  const line = inFileKeys(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
  return line.replace(/<(?=[a-z])/g, '&lt;');
}

/** Rooms speak of keys by their own names: `bodyBytes` is `body_bytes` in the file. */
function inFileKeys(text: string): string {
  return text.replace(/`[a-z]\w*(?:\.\w+)+`/gi, fileKey);
}
