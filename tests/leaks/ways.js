// The ways in which a watch can end, run by the thousand. This goes to the page as text.

export function ways() {
  /** What is alive by the page's own count: by the calls that a leak would leave out. */
  const alive = { signals: 0, timers: 0 };

  for (const [method, step] of [
    ["addEventListener", 1],
    ["removeEventListener", -1],
  ]) {
    const original = EventTarget.prototype[method];
    EventTarget.prototype[method] = function (...args) {
      if (this instanceof AbortSignal) alive.signals += step;
      return original.apply(this, args);
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

  globalThis.ways = { run, alive: () => ({ signals: alive.signals, timers: running.size }) };
}
