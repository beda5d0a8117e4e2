// A clock that jumps to the next timer: an hour in which many clients wait takes seconds.

/** Timers are JavaScript's own `setTimeout` until `stop`. */
export function startVirtualTime() {
  const real = { setTimeout, clearTimeout };
  /** Callbacks by the millisecond that they are due in. */
  const due = new Map();
  let now = 0;
  let next = 1;
  globalThis.setTimeout = (callback, delay = 0, ...args) => {
    const at = now + Math.max(0, Math.trunc(delay));
    const timers = due.get(at) ?? new Map();
    due.set(at, timers);
    timers.set(next, () => callback(...args));
    // What `clearTimeout` takes: the moment, and the number.
    return { at, id: next++ };
  };
  globalThis.clearTimeout = (timer) => due.get(timer?.at)?.delete(timer.id);

  /** Lets time pass until that moment; whatever promises have to do is done before the next timer. */
  async function runUntil(end) {
    for (; now <= end; now++) {
      for (let timers = due.get(now); timers?.size > 0; timers = due.get(now)) {
        due.delete(now);
        for (const callback of timers.values()) callback();
        await settle();
      }
    }
  }

  return { now: () => now, runUntil, settle, stop: () => Object.assign(globalThis, real) };
}

/** Promises, and what Node's streams do later, in some turns of the event loop. */
async function settle() {
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
}
