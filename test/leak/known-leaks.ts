/** Attacks that get through, and why. The suite fails for one that no longer does, so that it is taken out here. */

interface KnownLeaks {
  readonly why: string;
  /** Whole groups, where every attack of one gets through. */
  readonly groups?: readonly string[];
  readonly attacks?: readonly string[];
}

const TRIGGERS: KnownLeaks = {
  why: 'What the trigger of a table copies elsewhere is for whoever wrote it to classify there.',
  attacks: ["carried: UPDATE person SET name = 'noted' >> SELECT note FROM scratch WHERE id > 900"],
};

export const KNOWN_LEAKS: readonly KnownLeaks[] = [TRIGGERS];

/** Attacks the gateway answers by ending the session, as it takes the server for a liar; nothing leaks. */
export const KNOWN_ENDS = new Set([
  // COPY without a column list leaves generated columns out, and the catalog does not say which those are.
  'copy: COPY profile TO STDOUT',
]);
