// What WebAssembly waits for: sources. One that has begun calls `tell(kind, value)` with its news, until it is stopped.

/** What stops each source that is going on. */
const running = new Set();

let isCrashed = false;
let handleCrash = (error) => {
  throw error;
};

/** A new instance starts, and this is to be done when it crashes. */
export function onCrash(handler) {
  isCrashed = false;
  handleCrash = handler;
}

/** Whether it has: what is still under way within it must end. */
export const hasCrashed = () => isCrashed;

/** Whatever WebAssembly throws says that it has crashed: its sources are stopped, which it cannot do any more. */
export function crash(error) {
  if (isCrashed) return;
  isCrashed = true;
  for (const stop of running) stop();
  handleCrash(error);
}

/** Begins a source, and gives the function that stops it. `start` does the work, and gives what undoes it. */
export function source(tell, start) {
  let undo;
  const stop = () => {
    if (running.delete(stop)) undo?.();
  };
  running.add(stop);
  undo = start((kind, value) => {
    if (!running.has(stop)) return;
    try {
      tell(kind, value);
    } catch (error) {
      crash(error);
    }
  });
  return stop;
}

/** The kind of the one piece of news that there is. */
const DONE = 0;

/** Waits so many milliseconds. */
export const sleep = (ms, tell) =>
  source(tell, (tell) => {
    const timer = setTimeout(tell, ms, DONE);
    return () => clearTimeout(timer);
  });

/** Waits until a signal aborts: for ever, if there is none. */
export const onAbort = (signal, tell) =>
  source(tell, (tell) => {
    const listener = () => tell(DONE);
    signal?.addEventListener("abort", listener);
    return () => signal?.removeEventListener("abort", listener);
  });
