import { CLIENT_ALIAS, foldAlias, type Identity } from '../identity/index.ts';
import type { ApprovalRequirement } from '../policy/index.ts';
import { isPlainPerson } from './visibility.ts';

/** Why someone may not decide; null when they may. Safe to show. */
export type Objection = string | null;

/** Someone who approved, with what is needed to compare them with others. */
export interface Seated {
  readonly groups: readonly string[];
  readonly aliases: readonly string[];
}

/** Whether this identity may decide this access request (L3). Order matters: the first objection is the one told. */
export function objectionTo(
  decider: Identity,
  requester: Identity,
  requirements: readonly ApprovalRequirement[],
): Objection {
  if (!isPlainPerson(decider)) return 'only a person can decide an access request';
  if (sameParty(decider, requester)) return 'nobody decides their own access request';
  if (!requirements.some((one) => decider.groups.includes(one.group))) {
    return `only members of ${requirements.map((one) => one.group).join(', ')} can decide it`;
  }
  return null;
}

/**
 * Whether two identities could be one party: any name in common. A client id counts unless both are people without an
 * agent: colleagues sign in through the same application, but an agent's application holding a person's token does not
 * make it another party than the agent.
 */
export function sameParty(one: Identity, other: Identity): boolean {
  const people = isPlainPerson(one) && isPlainPerson(other);
  return shareName(one.aliases, other.aliases, people);
}

/** `sameParty`, where of one side, a person, only the names are known. */
export function sameNames(ofPerson: readonly string[], other: Identity): boolean {
  return shareName(ofPerson, other.aliases, isPlainPerson(other));
}

function shareName(one: readonly string[], other: readonly string[], ignoreClients: boolean): boolean {
  const names = new Set(one.map(foldAlias));
  return other.some(
    (name) => names.has(foldAlias(name)) && !(ignoreClients && name.startsWith(CLIENT_ALIAS)),
  );
}

/** What `newcomer` adds: a seat, nothing because they sit already, or nothing because their groups are full. */
export function seatFor(
  newcomer: Seated,
  seated: readonly Seated[],
  requirements: readonly ApprovalRequirement[],
): 'seat' | 'already-seated' | 'groups-full' {
  if (seated.some((one) => shareName(one.aliases, newcomer.aliases, true))) return 'already-seated';
  return seatsFilled([...seated, newcomer], requirements) > seatsFilled(seated, requirements)
    ? 'seat'
    : 'groups-full';
}

/** Whether these people fill every seat, each person at most one. */
export function allSeatsFilled(
  seated: readonly Seated[],
  requirements: readonly ApprovalRequirement[],
): boolean {
  return seatsFilled(seated, requirements) === seatsNeeded(requirements);
}

export function seatsNeeded(requirements: readonly ApprovalRequirement[]): number {
  return requirements.reduce((sum, one) => sum + one.seats, 0);
}

/**
 * The most seats these people can fill, each person one: a matching, by augmenting paths. Counting per group would let
 * one person of two groups fill both, and taking the first free seat would make the outcome depend on who came first.
 */
export function seatsFilled(people: readonly Seated[], requirements: readonly ApprovalRequirement[]): number {
  const seats = requirements.flatMap((one) => Array.from({ length: one.seats }, () => one.group));
  const takenBy: (number | null)[] = seats.map(() => null);
  const place = (person: number, tried: Set<number>): boolean => {
    for (const [seat, group] of seats.entries()) {
      if (tried.has(seat) || people[person]?.groups.includes(group) !== true) continue;
      tried.add(seat);
      const holder = takenBy[seat] ?? null;
      if (holder === null || place(holder, tried)) {
        takenBy[seat] = person;
        return true;
      }
    }
    return false;
  };
  return people.filter((_, person) => place(person, new Set())).length;
}

/** Why someone may not close a review, or null when they may: it takes another person, of those who would have been asked. */
export function objectionToReview(
  reviewer: Identity,
  {
    aliases,
    requirements,
  }: { readonly aliases: readonly string[]; readonly requirements: readonly ApprovalRequirement[] },
): Objection {
  if (!isPlainPerson(reviewer)) return 'only a person can close a review';
  if (sameNames(aliases, reviewer)) return 'nobody reviews what they did themselves';
  if (!requirements.some((one) => reviewer.groups.includes(one.group)))
    return `only members of ${requirements.map((one) => one.group).join(', ')} can close it`;
  return null;
}
