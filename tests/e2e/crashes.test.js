// A crash of the WebAssembly module: a panic, a trap, too deep a stack, no memory left. No call of the package causes one. So
// there is a package of its own that panics, and for the others these tests change the module while it loads.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "./browser.js";
import { complete, startSimulator, state, wait } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/**
 * Changes the module while it loads, in a page or in Node. `sabotage.next` replaces the next import that is called;
 * `sabotage.spare` is how much the module's memory may grow, in pages of 64 kB. It goes to the page as text.
 */
async function sabotage() {
  const { compile, instantiate } = WebAssembly;
  // A module whose only function is the instruction `unreachable`: what a panic ends with.
  const trap = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11,
  ];
  const unreachable = (await instantiate(new Uint8Array(trap))).instance.exports.t;
  const deep = () => deep() + 1;
  const sabotage = { instances: 0, spare: undefined, next: undefined, crashes: { unreachable, deep } };
  globalThis.sabotage = sabotage;

  WebAssembly.instantiate = (source, imports) => {
    // Node has modules of its own. (wasm-opt has given ours short names.)
    if (!("a" in (imports ?? {}))) return instantiate.call(WebAssembly, source, imports);
    sabotage.instances++;
    const wrapped = Object.entries(imports).map(([module, calls]) => [
      module,
      Object.fromEntries(
        Object.entries(calls).map(([name, call]) => [name, typeof call === "function" ? around(call) : call]),
      ),
    ]);
    return instantiate.call(WebAssembly, source, Object.fromEntries(wrapped));
  };

  WebAssembly.compile = (bytes) => compile.call(WebAssembly, sabotage.spare ? withLimit(bytes, sabotage.spare) : bytes);

  const around =
    (call) =>
    (...args) => {
      const { next } = sabotage;
      sabotage.next = undefined;
      next?.();
      return call(...args);
    };

  /** The same module, but its memory cannot grow by more than these pages. */
  function withLimit(source, pages) {
    const bytes = new Uint8Array(source);
    const MEMORY = 5;
    let at = 8;
    // Sections are an id, a size (seven bits a byte) and that many bytes.
    while (bytes[at] !== MEMORY) {
      let size = 0;
      for (let shift = 0, byte = 128; byte & 128; shift += 7) {
        byte = bytes[++at];
        size |= (byte & 127) << shift;
      }
      at += 1 + size;
    }
    // One memory; no limit; its first size.
    const [one, none, least] = bytes.subarray(at + 2, at + 5);
    if (one !== 1 || none !== 0 || least + pages > 127) throw new Error("the memory is not what it was");
    const limited = new Uint8Array(bytes.length + 1);
    limited.set(bytes.subarray(0, at));
    limited.set([MEMORY, 4, 1, 1, least, least + pages], at);
    limited.set(bytes.subarray(at + 5), at + 6);
    return limited;
  }

  /** Records unhandled errors, and counts the abort listeners that are on signals. */
  sabotage.uncaught = [];
  sabotage.listeners = new Set();
  globalThis.addEventListener?.("error", ({ message }) => sabotage.uncaught.push(message));
  globalThis.addEventListener?.("unhandledrejection", ({ reason }) => sabotage.uncaught.push(String(reason)));
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
    if (this instanceof AbortSignal) sabotage.listeners.add(listener);
    return addEventListener.call(this, type, listener, ...rest);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
    sabotage.listeners.delete(listener);
    return removeEventListener.call(this, type, listener, ...rest);
  };
}

/** A page whose module has not been loaded yet. */
async function open() {
  await browser.open(simulator);
  await browser.run(sabotage);
}

/** The causes of a crash: during a watch, or by a call that needs too much memory. */
const CRASHES = {
  "a trap": { cause: /^RuntimeError: unreachable/, next: "unreachable" },
  "too deep a stack": { cause: /^RangeError: Maximum call stack/, next: "deep" },
  "no memory left": { cause: /^RuntimeError: unreachable/, spare: 20 },
};

for (const transport of ["eventsource", "fetch"]) {
  for (const [name, { cause, next, spare }] of Object.entries(CRASHES)) {
    test(`${name}, over ${transport}: every call rejects, everything is closed, the next call works`, async () => {
      await open();
      const first = [state("starting")];
      const ids = {
        watch: await simulator.script({ streams: [[...first, "hold"]] }),
        silent: await simulator.script({ streams: [["hold"]] }),
        retrying: await simulator.script({ streams: [["end"]] }),
        read: await simulator.script({ reads: [["hold"]] }),
        crashing: await simulator.script({ streams: [[...first, wait(100), ...first, ...first, ...first, "hold"]] }),
      };
      await browser.run(
        async (ids, transport, spare) => {
          sabotage.spare = spare;
          lab.use(transport);
          const watch = (id, more) => lab.begin({ id, target: "running", ...more }, { transport });
          lab.calls = [watch(ids.watch), watch(ids.silent), watch(ids.retrying, { retryDelay: 600_000 })];
          const controller = new AbortController();
          const reading = lab.client().getCvmState({ id: ids.read }, { signal: controller.signal });
          lab.calls.push({
            controller,
            events: [],
            settled: reading.catch((error) => ({ error: lab.describe(error) })),
          });
        },
        ids,
        transport,
        spare,
      );
      for (const id of [ids.watch, ids.silent, ids.read]) await simulator.until(id, ({ length }) => length === 1);
      await simulator.closed(ids.retrying);
      const { errors, events, listeners } = await browser.run(
        async (ids, transport, next) => {
          const told = (condition) =>
            new Promise((resolve) => {
              const look = () => (condition() ? resolve() : setTimeout(look, 5));
              look();
            });
          await told(() => lab.calls[0].events.length === 1 && lab.calls[2].events.length === 1);
          if (sabotage.instances !== 1) throw new Error("the sabotage has not met the module");
          const listeners = [sabotage.listeners.size];
          const request = { id: ids.crashing, target: next ? "running" : "x".repeat(5_000_000) };
          const events = [];
          const onEvent = () => {
            if (events.push(performance.now()) === 2) sabotage.next = sabotage.crashes[next];
          };
          const crashing = api.createClient({ baseURL: "/api/v1", transport }).watchCvmState(request, { onEvent });
          lab.calls.push({ events, settled: crashing.catch((error) => ({ error: lab.describe(error) })) });
          const errors = [];
          for (const { settled } of lab.calls) errors.push((await settled).error);
          listeners.push(sabotage.listeners.size);
          // Has no effect any more.
          for (const { controller } of lab.calls) controller?.abort();
          return { errors, listeners, events: lab.calls.map(({ events }) => events.length) };
        },
        ids,
        transport,
        next,
      );
      for (const error of errors) {
        assert.deepEqual([error.name, error.classes, error.attempts], ["WatchError", ["WatchError"], 0]);
        assert.match(error.message, /^the WebAssembly module has crashed, which is a bug of cvm-watch: /);
        assert.match(`${error.cause.name}: ${error.cause.message}`, cause);
      }
      assert.equal(errors.length, 5);
      assert.deepEqual(events, [1, 0, 1, 0, next ? 2 : 0]);
      assert.deepEqual(listeners, [4, 0]);
      for (const id of Object.values(ids)) {
        for (const { ending } of await simulator.closed(id)) assert.match(ending, /client left|served/);
      }
      const again = await simulator.script({ streams: [["end"], [state("running"), complete()]] });
      const { state: reached, types } = await browser.watch(
        { id: again, target: "running", retryDelay: 1 },
        { transport },
      );
      assert.deepEqual([reached?.status, types], ["running", ["error", "state", "complete"]]);
      const facts = await browser.run(() => [
        sabotage.instances,
        sabotage.uncaught,
        lab.calls.map(({ events }) => events.length),
      ]);
      assert.deepEqual(facts, [2, [], events]);
    });
  }
}

for (const transport of ["eventsource", "fetch"]) {
  test(`a crash in the midst of a callback, over ${transport}: the callback is never called again`, async () => {
    await open();
    const first = state("starting");
    const id = await simulator.script({ streams: [[first, { send: first.send.repeat(9) }, "hold"]] });
    const silent = await simulator.script({ streams: [["hold"]] });
    const facts = await browser.run(
      async (id, silent, transport) => {
        lab.use(transport);
        const other = lab.begin({ id: silent, target: "running" }, { transport });
        let calls = 0;
        let late;
        const onEvent = () => {
          if (++calls !== 2) return;
          late = lab.client().getCvmState({ id });
          sabotage.next = sabotage.crashes.unreachable;
          other.controller.abort();
        };
        const watching = lab.client().watchCvmState({ id, target: "running", onEvent });
        const { message } = await watching.catch((error) => error);
        const again = await lab.client().getCvmState({ id: "my-database" });
        return [message, (await late.catch((error) => error)).message, calls, again.status];
      },
      id,
      silent,
      transport,
    );
    const message = "the WebAssembly module has crashed, which is a bug of cvm-watch: unreachable";
    assert.deepEqual(facts, [message, message, 2, "running"]);
    for (const cvm of [id, silent]) await simulator.closed(cvm);
  });
}

test("a crash does not end Node's process: nothing is uncaught, no timer is left", async () => {
  const uncaught = [];
  const note = (error) => uncaught.push(error);
  process.on("uncaughtException", note).on("unhandledRejection", note);
  await sabotage();
  const { createClient } = await import("../../pkg/index.js");
  const client = createClient({ baseURL: `${simulator.origin}/api/v1` });
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const id = await simulator.script({ streams: [["hold"], ["end"]] });
  const errors = [];
  const watch = (request) => {
    const watching = client.watchCvmState({ id, target: "running", retryDelay: 600_000, ...request });
    return watching.catch((error) => errors.push(error.message));
  };
  const watches = [watch()];
  await simulator.until(id, ({ length }) => length === 1);
  watches.push(watch());
  await simulator.until(id, (requests) => requests[1]?.ending === "served");
  assert.ok(timers() > before);
  globalThis.sabotage.next = globalThis.sabotage.crashes.unreachable;
  await Promise.all([...watches, watch()]);
  assert.equal(errors.length, 3);
  for (const message of errors) assert.match(message, /has crashed/);
  await simulator.closed(id);
  assert.equal(timers(), before);
  assert.equal((await client.getCvmState({ id: "my-database" })).status, "running");
  assert.deepEqual(uncaught, []);
});

test("a panic: the call rejects with what it says, and the next call works", async () => {
  const { createClient } = await import("../../target/panicking/index.js");
  const client = createClient({ baseURL: `${simulator.origin}/api/v1` });
  const id = await simulator.script({
    streams: [
      [state("panic"), "hold"],
      [state("running"), complete()],
    ],
  });
  const other = await simulator.script({ streams: [["hold"]] });
  const waiting = client.watchCvmState({ id: other, target: "running" });
  await simulator.until(other, ({ length }) => length === 1);
  const watch = () => client.watchCvmState({ id, target: "running" });
  for (const watching of [watch(), waiting]) {
    await assert.rejects(watching, ({ name, message, cause }) => {
      assert.equal(name, "WatchError");
      assert.match(message, /^the WebAssembly module has crashed, which is a bug of cvm-watch: .*asked to panic$/s);
      assert.match(cause.message, /^panicked at src/);
      return true;
    });
  }
  for (const cvm of [id, other]) await simulator.closed(cvm);
  assert.equal((await watch()).status, "running");
});
