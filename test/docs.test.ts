/** Documents say what is true of the tree: their links lead somewhere, their paths and promises exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const documents = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md']).map((file) => ({
  file,
  text: readFileSync(file, 'utf8'),
}));

function missing(found: readonly { readonly file: string; readonly path: string }[]): string[] {
  return found
    .filter(({ path }) => !existsSync(path))
    .map(({ file, path }) => `${file}: there is no ${path}`);
}

test('every link between documents leads to a file [docs.links]', () => {
  const links = documents.flatMap(({ file, text }) =>
    [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => ({
      file,
      path: join(dirname(file), match[1] ?? ''),
    })),
  );
  assert.ok(links.length > 20);
  assert.deepEqual(missing(links), []);
});

test('every path that a document names is in the tree [docs.paths]', () => {
  const paths = documents.flatMap(({ file, text }) =>
    [...text.matchAll(/`((?:packages|test|policies|docs|examples|tools|bench)\/[\w./-]+)`/g)].map(
      (match) => ({
        file,
        path: match[1] ?? '',
      }),
    ),
  );
  assert.ok(paths.length > 20);
  assert.deepEqual(missing(paths), []);
});

test('every law names where it is enforced and promises that exist [docs.laws]', () => {
  const promises = new Set(
    globSync('test/requirements/*.ts').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^ {2}'([\w-]+\.[\w-]+)'/gm)].map((match) => match[1] ?? ''),
    ),
  );
  const security = readFileSync('SECURITY.md', 'utf8');
  const laws = security.split(/^\*\*(?=L\d+ )/m).slice(1);
  assert.deepEqual(
    laws.map((law) => law.split(' ')[0]),
    ['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'L9', 'L10'],
  );
  for (const law of laws) {
    assert.match(law, /^Enforced: /m);
    const cited = [...law.matchAll(/\[([\w-]+\.[\w-]+)\]/g)].map((match) => match[1] ?? '');
    assert.ok(cited.length > 0, law);
    assert.deepEqual(
      cited.filter((id) => !promises.has(id)),
      [],
    );
  }
});

test('every command of the README is one that exists [docs.commands]', async () => {
  const { createProgram } = await import('../packages/cli/src/program.ts');
  const { createPaint } = await import('../packages/cli/src/terminal.ts');
  const quiet = {
    out: () => undefined,
    err: () => undefined,
    columns: 80,
    paint: createPaint(false),
    readInput: async () => '',
  };
  const commands = createProgram(quiet).commands.map((command) => command.name());
  const scripts = Object.keys(
    (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object }).scripts,
  );
  for (const { file, text } of documents) {
    for (const [, name = ''] of text.matchAll(/npx sallyport (\w+)/g))
      assert.ok(commands.includes(name), `${file}: ${name}`);
    for (const [, name = ''] of text.matchAll(/npm run (\w+)/g))
      assert.ok(scripts.includes(name), `${file}: ${name}`);
  }
});

/** `section.key` for every row of the configuration's tables. */
function settings(): ReadonlySet<string> {
  const sections = readFileSync('docs/configuration.md', 'utf8').split(/^## /m).slice(1);
  return new Set(
    sections.flatMap((text) => {
      const section = text.match(/^\w+/)?.[0] ?? '';
      return [...text.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key = '']) => `${section}.${key}`);
    }),
  );
}

test('a message that names a setting names it as the configuration spells it [docs.settings]', () => {
  const known = settings();
  const sections = new Set([...known].map((name) => name.split('.')[0] ?? ''));
  const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const spelt = new Set([...sections, ...[...sections].map(camel)]);
  const named = globSync('packages/gateway/src/**/*.ts', { exclude: ['**/*.test.ts'] }).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/[( ]([a-z]\w*)\.([a-zA-Z_]+)(?:[).,;]*['`]|\)\.)/g)]
      .filter(([, section = '']) => spelt.has(section))
      .map(([, section, key]) => ({ file, name: `${section}.${key}` })),
  );
  assert.ok(named.length > 20);
  assert.deepEqual(
    named.filter(({ name }) => ![...known].some((one) => one === name || one.startsWith(`${name}.`))),
    [],
  );
});
