/** A ReAct agent: it reasons, acts by asking the database, observes, and goes on until it has an answer. */

/** What the agent saw of one action. */
export interface Observation {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** What the server said when it did not do it. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly detail: string;
    readonly hint: string;
  } | null;
  readonly notices: readonly string[];
  /** Command tag, such as `UPDATE 1`. */
  readonly tag: string;
}

export type Thought =
  | { readonly kind: 'act'; readonly thought: string; readonly sql: string }
  | { readonly kind: 'answer'; readonly thought: string; readonly answer: string };

/** What thinks. The demo's is scripted, so that it needs no network; a language model fits the same hole. */
export interface Model {
  next(seen: readonly Observation[]): Promise<Thought>;
}

/** What the agent can do. */
export interface Tools {
  query(sql: string): Promise<Observation>;
}

/** Told of everything as it happens. */
export interface Watcher {
  thought(thought: Thought): Promise<void>;
  observed(observation: Observation): Promise<void>;
}

/** Runs the loop to its answer. */
export async function runAgent(model: Model, tools: Tools, watcher: Watcher): Promise<string> {
  const seen: Observation[] = [];
  for (;;) {
    const thought = await model.next(seen);
    await watcher.thought(thought);
    if (thought.kind === 'answer') return thought.answer;
    const observation = await tools.query(thought.sql);
    seen.push(observation);
    await watcher.observed(observation);
  }
}
