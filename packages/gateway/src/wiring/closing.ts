/** What has to be closed, last opened first. */
export type Closing = (() => unknown)[];

/** Takes something that has to be closed before whatever was opened earlier. */
export function ownedBy(closing: Closing): Owned {
  return (thing) => {
    closing.unshift(() => thing.close());
    return thing;
  };
}

/** Gives back what it takes. */
export type Owned = <T extends { close(): unknown }>(thing: T) => T;
