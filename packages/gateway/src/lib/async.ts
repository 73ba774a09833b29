/** A value that may be there already: the hot path must not wait for what it has. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with the value at once when it is there. */
export function whenReady<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
