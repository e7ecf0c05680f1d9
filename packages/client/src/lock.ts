/** Runs tasks one after the other. */
export interface Lock {
  run<T>(task: () => Promise<T>): Promise<T>;
  /** True while a task runs or waits. */
  busy(): boolean;
}

/** A lock for whatever changes the tokens of a session: two refreshes at once would burn a rotated token. */
export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  return {
    busy: () => pending > 0,
    run(task) {
      pending += 1;
      const result = last.then(task).finally(() => {
        pending -= 1;
      });
      last = result.catch(() => undefined);
      return result;
    },
  };
}
