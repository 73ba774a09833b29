/** Configurations that are no configurations: what is said of them is bounded, and repeats no secret. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '@sallyport/gateway';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
after(() => rmSync(folder, { recursive: true }));

/** Words in the wrong place that might be somebody's password. */
const SECRETS = ['hunter2', '8675309'];

const target = (credential: string) =>
  `targets:\n  - { name: a, protocol: postgres, host: h, credential: ${credential} }\n`;

const CASES: Readonly<Record<string, string>> = {
  'an alias without its anchor': target('{ password_env: *hunter2 }'),
  'an unknown tag': target('{ password_env: !hunter2 x }'),
  'a secret where a mapping belongs': target('"postgres:hunter2"'),
  'a list where a mapping belongs': target('[hunter2]'),
  'a URL where a target belongs': 'targets:\n  - "postgres://u:hunter2@h/db"\n',
  'a number as a password': target('{ username: x, password: 8675309 }'),
  'a number as the name of a variable': target('{ username: x, password_env: 8675309 }'),
  'a misspelt key': target('{ username: x, pasword: hunter2 }'),
  'a line that does not line up':
    'targets:\n  - name: a\n    credential:\n      username: x\n     password: hunter2\n',
  'a quote that does not end': 'targets: "hunter2\n',
  'a directive': '%YAML hunter2\n---\na: 1\n',
  'a block that begins badly': 'a: |hunter2\n  x\n',
  'several documents': 'a: hunter2\n---\nb: hunter2\n',
  'keys that are no text': '? [hunter2]\n: 1\n',
  'a key twice': 'listeners: []\nlisteners: []\n',
  'names that JavaScript objects treat specially': '__proto__: { x: 1 }\nconstructor: 1\ntoString: 2\n',
  'a prototype as a section': 'control_plane: { __proto__: { roles: { auditors: [agents] } } }\n',
  'aliases that multiply': `a: &a [${'x,'.repeat(9)}]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`,
  'an alias of itself': 'listeners: &a [ *a ]\n',
  'brackets without end': '['.repeat(50_000),
  'mappings without end': `${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`,
  'thousands of mistakes': `targets:\n${Array.from({ length: 3_000 }, (_, n) => `  - { nam${n}: 1 }\n`).join('')}`,
  'no text at all': '\0\0\0',
};

for (const [what, text] of Object.entries(CASES)) {
  test(`${what} is refused with a place, in few words, and without repeating a secret [config.hostile]`, () => {
    const file = join(folder, 'hostile.yaml');
    writeFileSync(file, text);
    assert.throws(
      () => loadConfig(file, {}),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'config-invalid', error.message);
        assert.ok(error.message.startsWith(`${file}:`), error.message);
        assert.ok(error.message.length < 40_000, `${error.message.length} characters`);
        for (const secret of SECRETS) assert.ok(!error.message.includes(secret), error.message);
        return true;
      },
    );
  });
}
