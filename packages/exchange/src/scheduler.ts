/** Does the work once, so many milliseconds from now; the answer cancels it. */
export type Scheduler = (work: () => void, milliseconds: number) => () => void;

/** Timers of the system, which never keep a process alive. */
export const systemScheduler: Scheduler = (work, milliseconds) => {
  const timer = setTimeout(work, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};
