/** Whether what is asked for is within what there is. Pure. */

/** The group an action is in, or null. */
export type GroupOf = (action: string) => string | null;

/** Whether an action is one of these, or in a group of them. */
export function includesAction(actions: readonly string[], action: string, groupOf: GroupOf): boolean {
  if (actions.includes(action)) return true;
  const group = groupOf(action);
  return group !== null && actions.includes(group);
}

/** Whether a task is the same, or a part of it: `release` and `release/notes`. */
export function isSubtask(task: string, of: string): boolean {
  return task === of || task.startsWith(`${of}/`);
}

/** The first that is not among these, or undefined. */
export function outside(asked: readonly string[], among: readonly string[]): string | undefined {
  return asked.find((one) => !among.includes(one));
}
