/** Random conversations of a client: names, portals, cursors, COPY and errors in every order. */
import {
  bind,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describePortal,
  describeStatement,
  execute,
  flush,
  parse,
  query,
  sync,
} from '../../fixtures/raw-postgres.ts';

const STATEMENTS = ['', 's1', 's2'];
const PORTALS = ['', 'c1', 'c2'];
export interface Words {
  /** Texts for Query and Parse. */
  readonly texts: readonly string[];
  /** Texts for Query only. */
  readonly queries: readonly string[];
  /** COPY … FROM STDIN of one integer. */
  readonly copies: readonly string[];
  /** Whether a COPY may be prepared under a name: EXECUTE of one is refused on purpose, where a server runs it. */
  readonly namedCopies: boolean;
}

export interface RandomConversation {
  readonly frames: readonly Buffer[];
  /** The same, to be read by people. */
  readonly said: readonly string[];
}

/** A conversation of `messages` steps, chosen by `next`: mostly well-formed, in every order a client could think of. */
export function randomConversation(
  next: (below: number) => number,
  messages: number,
  { texts, queries, copies, namedCopies }: Words,
): RandomConversation {
  const pick = <T>(of: readonly T[]): T => of[next(of.length)] as T;
  const frames: Buffer[] = [];
  const said: string[] = [];
  const say = (what: string, ...bytes: Buffer[]): void => {
    said.push(what);
    frames.push(...bytes);
  };
  const named = (name: string, text: string): string => (namedCopies || !text.startsWith('copy') ? name : '');
  const steps: (() => void)[] = [
    () =>
      ((wanted, text) => ((name) => say(`P ${name}: ${text}`, parse(name, text)))(named(wanted, text)))(
        pick(STATEMENTS),
        pick(texts),
      ),
    () => ((portal, name) => say(`B ${portal} ${name}`, bind(portal, name)))(pick(PORTALS), pick(STATEMENTS)),
    () => ((portal, rows) => say(`E ${portal} ${rows}`, execute(portal, rows)))(pick(PORTALS), next(3)),
    () => ((portal) => say(`DP ${portal}`, describePortal(portal)))(pick(PORTALS)),
    () => ((name) => say(`DS ${name}`, describeStatement(name)))(pick(STATEMENTS)),
    () => ((portal) => say(`CP ${portal}`, closePortal(portal)))(pick(PORTALS)),
    () => ((name) => say(`CS ${name}`, closeStatement(name)))(pick(STATEMENTS)),
    () => say('S', sync()),
    () => say('H', flush()),
    () => ((text) => say(`Q ${text}`, query(text)))(pick([...texts, ...queries])),
    // A whole extended query, as drivers send it.
    () =>
      ((wanted, portal, text) =>
        ((name) =>
          say(
            `PBDES ${name} ${portal}: ${text}`,
            ...[parse(name, text), bind(portal, name), describePortal(portal), execute(portal), sync()],
          ))(named(wanted, text)))(pick(STATEMENTS), pick(PORTALS), pick(texts)),
    () =>
      ((text) => say(`Q copy ${text}`, query(text), copyData('9\n'), pick([copyDone(), copyFail('no')])))(
        pick(copies),
      ),
    // As libpq sends COPY in the extended protocol: a Sync before the data, which the server ignores, and one after.
    () =>
      ((text, early) =>
        say(
          `PBE copy ${text} ${early}`,
          ...[parse('', text), bind('', ''), execute(), ...(early ? [sync()] : [])],
          ...[copyData(pick(['11\n', 'eleven\n'])), copyDone(), sync()],
        ))(pick(copies), next(2) === 0),
    () => say('stray COPY data', pick([copyData('1\n'), copyDone(), copyFail('stray')])),
  ];
  for (let left = messages; left > 0; left -= 1) pick(steps)();
  return { frames, said };
}
