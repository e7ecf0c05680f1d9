/** Work that is under way, by key. */
export interface SingleFlight<T> {
  /**
   * The result of the work under that key: started now, or already under way (`joined`). `start` gets a
   * function that tells whether the work was superseded meanwhile.
   */
  readonly run: (
    key: string,
    start: (superseded: () => boolean) => Promise<T>,
  ) => { readonly result: Promise<T>; readonly joined: boolean };
  /** Nobody joins the work under that key any more, and it learns that its result is out of date. */
  readonly supersede: (key: string) => void;
}

/** Shares identical work in this process: N callers, one run. A failure is shared too, and not kept. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, { readonly result: Promise<T>; superseded: boolean }>();
  return {
    run(key, start) {
      const current = flights.get(key);
      if (current !== undefined) return { result: current.result, joined: true };
      const state = { superseded: false };
      const result = start(() => state.superseded).finally(() => {
        if (flights.get(key) === flight) flights.delete(key);
      });
      const flight = Object.assign(state, { result });
      flights.set(key, flight);
      return { result, joined: false };
    },
    supersede(key) {
      const current = flights.get(key);
      if (current === undefined) return;
      current.superseded = true;
      flights.delete(key);
    },
  };
}
