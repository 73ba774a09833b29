import type { ExportStatus, RoomHealth } from '@sallyport/contract';

type Checks = RoomHealth['checks'];

/** What the gateway needs to serve. Each rejects when it is not there; what it rejects with may be shown to operators. */
export interface Vitals {
  store(): Promise<unknown>;
  log(): Promise<unknown>;
  /** The version of the policies in force. */
  policies(): string;
  /** Each issuer whose keys cannot be had now. */
  issuers(): Promise<readonly string[]>;
  /** How many of the outer doors are open, of how many. */
  doors(): { readonly open: number; readonly wanted: number };
  exports(): readonly ExportStatus[];
  now(): number;
}

/** Longest one of them may take, in milliseconds. */
const CHECK_MS = 2_000;
/** How long an answer stands, in milliseconds: however often it is asked for, the store is asked once. */
const STANDS_MS = 1_000;

/** What is asked for at most once a second. Never rejects. */
export function createHealth(vitals: Vitals): () => Promise<Checks> {
  let known: { readonly at: number; readonly checks: Promise<Checks> } | null = null;
  return () => {
    const now = vitals.now();
    if (known === null || now - known.at >= STANDS_MS || now < known.at)
      known = { at: now, checks: checkAll(vitals) };
    return known.checks;
  };
}

async function checkAll(vitals: Vitals): Promise<Checks> {
  return Promise.all([
    check('store', () => vitals.store().then(() => undefined)),
    check('audit-log', () => vitals.log().then(() => undefined)),
    check('policies', async () => (vitals.policies() === '' ? 'none are in force' : undefined)),
    check('issuers', async () => {
      const away = await vitals.issuers();
      return away.length === 0 ? undefined : `no keys of ${away.join(', ')}`;
    }),
    check('listeners', async () => {
      const { open, wanted } = vitals.doors();
      return open === wanted ? undefined : `${open} of ${wanted} are open`;
    }),
    check('exports', async () => {
      // One that only alarms stops nobody.
      const behind = vitals.exports().filter(({ state, onLag }) => state === 'behind' && onLag === 'deny');
      return behind.length === 0
        ? undefined
        : `${behind.map(({ name }) => name).join(', ')} is behind its limits`;
    }),
  ]);
}

async function check(name: string, look: () => Promise<string | undefined>): Promise<Checks[number]> {
  let late: NodeJS.Timeout | undefined;
  const patience = new Promise<string>((resolve) => {
    late = setTimeout(() => resolve(`no answer within ${CHECK_MS} ms`), CHECK_MS);
  });
  try {
    const detail = await Promise.race([look(), patience]);
    return { name, ok: detail === undefined, detail: detail ?? '' };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message.slice(0, 500) : 'it failed' };
  } finally {
    clearTimeout(late);
  }
}
