import { CLIENT_ALIAS as CLIENT, type Identity } from '../identity/index.ts';
import { ExchangeRefused } from './refused.ts';

/** Longest chain of actors, as for the tokens of issuers. */
const CHAIN = 8;

/**
 * Who acts with the new token. Policies know an actor by its name, so that name is only ever one that an issuer vouched
 * for, and never another than the token already has: that would get around what policy says of the first.
 */
export function actorOf(
  subject: Identity,
  actor: Identity | null,
): { readonly actor: string | null; readonly aliases: readonly string[] } {
  if (actor === null) {
    if (subject.mayAct !== null && subject.mayAct !== subject.actor) {
      throw refused('the subject token names who may act (may_act): present its actor token');
    }
    return { actor: subject.actor, aliases: namesOf(subject) };
  }
  if (actor.scope !== null) throw refused('a task token cannot be the actor token');
  if (actor.kind !== 'machine') throw refused('the actor token is of a person: people act for themselves');
  if (actor.actor !== null)
    throw refused('the actor token names an actor itself: present one of the agent’s own');
  const name = nameOf(actor, subject);
  if (subject.actor !== null && subject.actor !== name)
    throw refused('the subject token names another actor');
  if (subject.mayAct !== null && subject.mayAct !== name) {
    throw refused('the subject token does not let this actor act (may_act)');
  }
  return { actor: name, aliases: [...new Set([...namesOf(subject), ...actor.aliases])] };
}

/**
 * Every name of whoever a token is for. The application that a person signed in with is none of the agent's names: it is their
 * colleagues' too, who could decide nothing for the agent otherwise. An agent's own application comes with its actor token.
 */
function namesOf({ kind, actor, aliases }: Identity): readonly string[] {
  const isPerson = kind === 'person' && actor === null;
  return isPerson ? aliases.filter((name) => !name.startsWith(CLIENT)) : aliases;
}

/** Of another issuer, an actor goes by its full name: two issuers may use one name for two agents. */
function nameOf(actor: Identity, subject: Identity): string {
  const [issuer, ...rest] = actor.subject.split('|');
  return subject.subject.startsWith(`${issuer}|`) ? rest.join('|') : actor.subject;
}

/** The chain with this instance in front. What an instance is called is its own word, and only for the record. */
export function delegationOf(subject: Identity, actor: string | null, instance: string): readonly string[] {
  const earlier =
    actor !== null && subject.actor === null ? [actor, ...subject.delegation] : subject.delegation;
  const chain = [`${actor ?? subject.subject}#${instance}`, ...earlier];
  if (chain.length > CHAIN) throw refused(`the chain of actors would be longer than ${CHAIN}`);
  return chain;
}

function refused(why: string): ExchangeRefused {
  return new ExchangeRefused('invalid_request', why);
}
