/** The package in an empty folder, a public key and a proof: all that an outsider needs. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { openLog } from './log.ts';
import { proveEntry } from './prove.ts';
import { scratch } from './scratch-log.ts';
import { readProof, writeProof } from './verifier/index.ts';

const run = promisify(execFile);
const here = import.meta.dirname;

/** What a command printed and exited with. */
async function ran(cwd: string, ...args: readonly string[]): Promise<{ code: number; out: string }> {
  try {
    const { stdout } = await run(process.execPath, [...args], { cwd, env: {} });
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout + stderr };
  }
}

/** A log that changed its key, a checkpoint kept from before, and a proof of one entry from there. */
async function proofOf(t: TestContext): Promise<{ proof: string; key: string; kept: string }> {
  const directory = scratch(t);
  const log = openLog(directory, { checkpointMs: 0 });
  for (let i = 0; i < 5; i++) log.append({ type: 'decision', effect: 'permit', form: `SELECT ${i}` });
  const kept = await log.checkpoint();
  await log.rotateKey();
  for (let i = 0; i < 5; i++) log.append({ type: 'decision', effect: 'deny', form: `DELETE ${i}` });
  await log.close();
  const proof = await proveEntry(directory, log.publicKey, 7, { from: kept.note });
  return { proof: writeProof(proof), key: log.publicKey, kept: kept.note };
}

test('the package alone in an empty folder takes a proof and no changed one [audit.proof]', async (t) => {
  const { proof, key, kept } = await proofOf(t);
  const folder = scratch(t);
  cpSync(join(here, '..'), join(folder, 'audit-log'), {
    recursive: true,
    filter: (path) => !path.includes('node_modules') && !path.endsWith('.test.ts'),
  });
  writeFileSync(join(folder, 'log.pub'), `${key}\n`);
  writeFileSync(join(folder, 'kept'), kept);
  const verify = (text: string, ...more: string[]) => {
    writeFileSync(join(folder, 'proof.json'), text);
    return ran(folder, 'audit-log/src/verify-proof.ts', 'proof.json', 'log.pub', ...more);
  };
  const good = await verify(proof, 'kept');
  assert.equal(good.code, 0, good.out);
  const said = JSON.parse(good.out) as { entry: { form: string }; size: number; grewFrom: number };
  assert.deepEqual([said.entry.form, said.size, said.grewFrom], ['DELETE 1', 11, 5]);
  const changes: readonly [string, string, string][] = [
    ['not-included', 'DELETE 1', 'DELETE 2'],
    ['not-included', '"index": 7', '"index": 6'],
    ['not-signed', '\\n11\\n', '\\n12\\n'],
    ['not-signed', 'next-key ', 'next-kez '],
    ['proof-malformed', '"from"', '"front"'],
  ];
  for (const [code, from, to] of changes) {
    const changed = proof.replace(from, to);
    assert.notEqual(changed, proof);
    const refused = await verify(changed);
    assert.equal(refused.code, 1, refused.out);
    assert.equal((JSON.parse(refused.out) as { code: string }).code, code, `${from} to ${to}`);
  }
  assert.equal((await ran(folder, 'audit-log/src/verify-proof.ts', 'proof.json')).code, 2);
  assert.equal((await ran(folder, 'audit-log/src/verify-proof.ts', 'absent', 'log.pub')).code, 2);
});

/** Every module that the verifier is made of, by its path below src. */
function modulesFrom(entry: string, found = new Set<string>()): Set<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, name = ''] of readFileSync(join(here, entry), 'utf8').matchAll(/from '([^']+)'/g)) {
    assert.ok(name.startsWith('.'), `${entry} imports ${name}`);
    modulesFrom(normalize(join(dirname(entry), name)), found);
  }
  return found;
}

test('the verifier runs without Node: only Web Crypto and its own modules [audit.proof]', async (t) => {
  const { proof, key } = await proofOf(t);
  const folder = scratch(t);
  for (const path of modulesFrom('verifier/index.ts')) {
    const text = stripTypeScriptTypes(readFileSync(join(here, path), 'utf8')).replaceAll(".ts'", ".js'");
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path.replace(/ts$/, 'js')), text);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const page = `const log = console.log;
for (const name of ['Buffer', 'process', 'global', 'require', 'setImmediate']) delete globalThis[name];
const { verifyProof } = await import('./verifier/index.js');
log(JSON.stringify(await verifyProof(${JSON.stringify(proof)}, { key: ${JSON.stringify(key)} })));`;
  writeFileSync(join(folder, 'page.js'), page);
  const { code, out } = await ran(folder, 'page.js');
  assert.equal(code, 0, out);
  assert.equal((JSON.parse(out) as { proven: boolean }).proven, true);
  assert.ok(globSync('**/*.js', { cwd: folder }).length > 8);
});

test('no single changed bit of a proof file passes for another proof [audit.proof]', async (t) => {
  const { verifyProof } = await import('./verifier/index.ts');
  const { proof, key } = await proofOf(t);
  const bytes = Buffer.from(proof);
  const meaning = JSON.stringify(readProof(proof));
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const verdict = await verifyProof(changed.toString(), { key });
    assert.ok(!verdict.proven, `byte ${at} of ${bytes.length}: ${meaning.slice(0, 80)}`);
  }
});
