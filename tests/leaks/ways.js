// The ways in which a watch can end, run by the thousand. This goes to the page as text.

export function ways() {
  /** The listeners that are alive, counted by the calls that add and remove them. */
  const [signals, wakeUps] = [new Set(), new Set()];
  const listenersFor = (target, type) => {
    if (target instanceof AbortSignal) return signals;
    return ["online", "pageshow", "visibilitychange"].includes(type) ? wakeUps : undefined;
  };

  for (const [method, change] of [
    ["addEventListener", "add"],
    ["removeEventListener", "delete"],
  ]) {
    const original = EventTarget.prototype[method];
    EventTarget.prototype[method] = function (type, listener, ...rest) {
      listenersFor(this, type)?.[change](listener);
      return original.call(this, type, listener, ...rest);
    };
  }

  const { setTimeout, clearTimeout } = globalThis;
  const running = new Set();
  globalThis.setTimeout = (action, ms, ...args) => {
    const timer = setTimeout(() => {
      running.delete(timer);
      action(...args);
    }, ms);
    running.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    running.delete(timer);
    clearTimeout(timer);
  };

  /** One signal for all watches that do not abort: the page's own, which lives longer than they do. */
  const { signal } = new AbortController();
  const patience = { target: "running", maxRetries: 1, retryDelay: 0 };
  const abortedAt = (moment) => (watch) => {
    const controller = new AbortController();
    const onEvent = (event) => moment === event.type && controller.abort();
    const watching = watch({ id: "leak-idle", ...patience }, { signal: controller.signal, onEvent });
    if (moment === "connecting") setTimeout(() => controller.abort());
    if (moment === "the start") controller.abort();
    return watching;
  };

  const all = {
    resolved: (watch) => watch({ id: "my-database", ...patience }, { signal, onEvent() {} }),
    aborted: abortedAt("state"),
    exhausted: (watch) => watch({ id: "broken-app", ...patience }, { signal, onEvent() {} }),
    failed: (watch) => watch({ id: "leak-failed", failOn: "error", ...patience }, { signal, onEvent() {} }),
    woken(watch) {
      const controller = new AbortController();
      // A read begins at once, and the abort comes before it ends, or after.
      const onEvent = () => {
        dispatchEvent(
          Math.random() < 0.5 ? new Event("online") : new PageTransitionEvent("pageshow", { persisted: true }),
        );
        setTimeout(() => controller.abort(), 4 * Math.random());
      };
      return watch({ id: "leak-idle", ...patience }, { signal: controller.signal, onEvent });
    },
    async "states, then break"() {
      for await (const state of lab.client().cvmStates({ id: "my-database", signal })) return state;
    },
    async "states, forgotten"() {
      return (await lab.client().cvmStates({ id: "my-database", signal })[Symbol.asyncIterator]().next()).value;
    },
    async "states, returned while it waits"() {
      const iterator = lab.client().cvmStates({ id: "my-database", signal })[Symbol.asyncIterator]();
      const { value } = await iterator.next();
      const pending = iterator.next();
      await iterator.return();
      await pending;
      return value;
    },
    refused: (watch) => watch({ id: "leak-unknown", ...patience }, { signal, onEvent() {} }),
    "aborted while connecting": abortedAt("connecting"),
    "aborted before the start": abortedAt("the start"),
    invalid: (watch) => watch({ id: "my-database", target: "" }, { signal, onEvent() {} }),
  };

  /** Watches so often, three at a time, in turn in each of these ways; tells how often each end has come. */
  async function run(names, count) {
    const client = lab.client();
    const watch = (request, options) => client.watchCvmState(request, options);
    const ends = {};
    let begun = 0;
    async function next() {
      while (begun < count) {
        const end = await all[names[begun++ % names.length]](watch).then(
          ({ status }) => status,
          ({ name }) => name,
        );
        ends[end] = (ends[end] ?? 0) + 1;
      }
    }
    await Promise.all(Array.from({ length: 3 }, next));
    return ends;
  }

  globalThis.ways = { run, alive: () => ({ signals: signals.size, wakeUps: wakeUps.size, timers: running.size }) };
}
