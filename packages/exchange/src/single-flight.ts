/** Work that is under way, by key. */
export interface SingleFlight<T> {
  /**
   * The result of the work under that key: started now, or already under way (`joined`). `start` gets a
   * function that tells whether the work was superseded meanwhile.
   */
  readonly run: (
    key: string,
    tags: readonly string[],
    start: (superseded: () => boolean) => Promise<T>,
  ) => { readonly result: Promise<T>; readonly joined: boolean };
  /** Nobody joins the work under that key any more, and it learns that its result is out of date. */
  readonly supersede: (key: string) => void;
  /** The same for all work with that tag. */
  readonly supersedeTag: (tag: string) => void;
  /** The same for all work. */
  readonly supersedeAll: () => void;
  /** Resolves when nothing is under way. */
  readonly settled: () => Promise<void>;
}

interface Flight<T> {
  readonly tags: readonly string[];
  readonly result: Promise<T>;
  superseded: boolean;
}

/** Shares identical work in this process: N callers, one run. A failure is shared too, and not kept. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();
  const running = new Set<Promise<T>>();

  function supersede(key: string): void {
    const current = flights.get(key);
    if (current === undefined) return;
    current.superseded = true;
    flights.delete(key);
  }

  return {
    run(key, tags, start) {
      const current = flights.get(key);
      if (current !== undefined) return { result: current.result, joined: true };
      const state = { tags, superseded: false };
      const result = start(() => state.superseded).finally(() => {
        running.delete(result);
        if (flights.get(key) === flight) flights.delete(key);
      });
      const flight = Object.assign(state, { result });
      flights.set(key, flight);
      running.add(result);
      return { result, joined: false };
    },
    supersede,
    supersedeTag(tag) {
      for (const [key, { tags }] of flights) if (tags.includes(tag)) supersede(key);
    },
    supersedeAll() {
      for (const key of flights.keys()) supersede(key);
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
