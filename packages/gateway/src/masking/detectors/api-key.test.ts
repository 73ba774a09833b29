import { testDetector } from './marked.test-support.ts';

// Put together here, so that nobody takes one of them for a key that leaked.
const key = (prefix: string, length: number): string =>
  prefix + 'k7Qz9aXw3LmN8rTb2VcY5dHf6JgP1sKe4uRi0oZ'.repeat(3).slice(0, length);

testDetector(
  'api-key',
  [
    `«${key('ghp_', 36)}»`,
    `git clone https://x-access-token:«${key('ghs_', 36)}»@github.com/a/b`,
    `token «${key('github_pat_', 82)}»,`,
    `"«${key('sk_live_', 24)}»"`,
    `«${key('rk_test_', 24)}» «${key('whsec_', 32)}»`,
    `SLACK=«${key('xoxb-123456789012-1234567890123-', 24)}»`,
    `«${key('xapp-1-A01-', 30)}»`,
    `key=«${key('AIza', 35)}»&q=1`,
    `OPENAI_API_KEY=«${key('sk-proj-', 48)}»`,
    `{"k":"«${key('sk-ant-api03-', 60)}»"}`,
    `//registry.npmjs.org/:_authToken=«${key('npm_', 36)}»`,
    `«${key('glpat-', 20)}»\n«${key('glrt-', 20)}»`,
    `«${key('sk-3f', 32)}» «sk-${'k7Qz9aXw3LmN8rTb2VcY'}T3BlbkFJ${'k7Qz9aXw3LmN8rTb2VcY'}» «${key('dckr_pat_', 27)}» «${key('hvs.', 24)}»`,
  ],
  [
    'ghp_',
    `ghp_${'x'.repeat(36)}`,
    key('ghp_', 35),
    key('pk_live_', 24),
    'sk-learn-is-a-library-for-machine-learning',
    'task-2024-01-01-with-a-long-name-in-it',
    'https://example.com/risk-management-for-2024-and-later',
    'AIzawa and Suzuki',
    'npm_config_registry=https://registry.npmjs.org',
    'xoxb-short',
    'glpat-',
    `a${key('ghp_', 36)}`,
    'sk-SK-sk-SK-sk-SK-sk-SK',
  ],
);
