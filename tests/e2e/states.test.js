// `client.cvmStates`: every state of a CVM, for views.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startBrowser } from "./browser.js";
import { answer, startSimulator, tells, wait } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
// The page's time runs ten times as fast: an interval of 5 s is over in half a second.
beforeEach(async () => {
  await browser.open(simulator);
  await browser.run((haste) => lab.hurry(haste), HASTE);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

const HASTE = 10;
const seconds = (from, to) => ((to - from) * HASTE) / 1000;

/** A CVM whose reads tell these statuses, or give these answers. */
const reading = (...reads) =>
  simulator.script({ reads: reads.map((read) => (typeof read === "string" ? tells(read) : read)) });

test("it gives each state in which any field differs from the last given, read once an interval; break ends it", async () => {
  const id = await reading(
    "stopped",
    "stopped",
    tells("stopped", { uptime: "1s" }),
    tells("stopped", { uptime: "1s" }),
    "starting",
    "running",
  );
  const states = await browser.run(async (id) => {
    const states = [];
    for await (const state of lab.client().cvmStates({ id })) {
      states.push(state);
      if (state.status === "running") break;
    }
    return states;
  }, id);
  assert.deepEqual(states, [
    { status: "stopped" },
    { status: "stopped", uptime: "1s" },
    { status: "starting" },
    { status: "running" },
  ]);
  const requests = await simulator.closed(id);
  assert.ok(requests.every(({ kind }) => kind === "read"));
  const pauses = requests.slice(1).map(({ arrivedAt }, i) => seconds(requests[i].arrivedAt, arrivedAt));
  assert.ok(
    pauses.every((pause) => pause > 4.5 && pause < 9),
    pauses.join(),
  );
});

test("it reads only while a next() is pending: at once, if the last read is an interval old", async () => {
  const id = await reading("stopped", "starting", "running");
  const facts = await browser.run(async (id) => {
    const iterator = lab.client().cvmStates({ id })[Symbol.asyncIterator]();
    const timers = new Set();
    const { setTimeout, clearTimeout } = globalThis;
    globalThis.setTimeout = (action, ms) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        action();
      }, ms);
      timers.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => {
      timers.delete(timer);
      clearTimeout(timer);
    };
    const reads = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes(id)).length;
    const first = await iterator.next();
    const idle = [reads(), timers.size];
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    const after = reads();
    const asked = performance.now();
    const second = await iterator.next();
    const took = performance.now() - asked;
    const third = await iterator.next();
    return {
      values: [first, second, third],
      idle,
      after,
      took,
      timers: timers.size,
      paused: performance.now() - asked,
    };
  }, id);
  const { values, idle, after, took, timers, paused } = facts;
  assert.deepEqual(
    values.map(({ done, value }) => [done, value.status]),
    ["stopped", "starting", "running"].map((status) => [false, status]),
  );
  assert.deepEqual([idle, after, timers], [[1, 0], 1, 0]);
  assert.ok(took < 4000, `at once: ${took}`);
  assert.ok(paused > 5000, `and then when the interval is over: ${paused}`);
});

test("break, return(), a throw, an abort and await using settle what is pending, and leave nothing behind", async () => {
  const ids = {};
  const pending = ["stopped", ["hold"]];
  for (const way of ["break", "throw", "return", "abort", "using", "before"]) ids[way] = await reading(...pending);
  const outcomes = await browser.run(async (ids) => {
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const listeners = new Set();
    EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
      listeners.add(listener);
      return addEventListener.call(this, type, listener, ...rest);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
      listeners.delete(listener);
      return removeEventListener.call(this, type, listener, ...rest);
    };
    const client = lab.client();
    const begin = async (request) => {
      const states = client.cvmStates(request);
      const iterator = states[Symbol.asyncIterator]();
      await iterator.next();
      return iterator;
    };
    const isReading = (id) => lab.until(() => lab.reads?.(id) ?? true);
    const outcomes = {};
    for await (const { status } of client.cvmStates({ id: ids.break })) {
      outcomes.break = status;
      break;
    }
    outcomes.throw = await (async () => {
      for await (const { status } of client.cvmStates({ id: ids.throw })) throw new Error(status);
    })().catch(({ message }) => message);

    const returned = await begin({ id: ids.return });
    const waiting = returned.next();
    const also = returned.next();
    await isReading(ids.return);
    outcomes.return = [await returned.return("mine"), await waiting, await also, await returned.next()];

    const controller = new AbortController();
    const aborted = await begin({ id: ids.abort, signal: controller.signal });
    const doomed = aborted.next();
    controller.abort("enough");
    outcomes.abort = await doomed.catch(({ name, cause }) => [name, cause]);
    outcomes.after = await aborted.next();

    const early = client.cvmStates({ id: ids.before, signal: AbortSignal.abort("early") });
    outcomes.before = await early[Symbol.asyncIterator]()
      .next()
      .catch(({ name, cause }) => [name, cause]);

    if (Symbol.asyncDispose) {
      const source = `async (states) => { await using iterator = states[Symbol.asyncIterator](); return await iterator.next(); }`;
      const use = new Function(`return ${source}`)();
      outcomes.using = (await use(client.cvmStates({ id: ids.using }))).value.status;
    }
    outcomes.listeners = listeners.size;
    Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
    return outcomes;
  }, ids);
  const done = (value = null) => ({ done: true, value });
  assert.deepEqual(outcomes, {
    break: "stopped",
    throw: "stopped",
    return: [done("mine"), done(), done(), done()],
    abort: ["WatchAbortedError", "enough"],
    after: done(),
    before: ["WatchAbortedError", "early"],
    using: "stopped",
    listeners: 0,
  });
  for (const id of Object.values(ids)) await simulator.closed(id);
  assert.deepEqual(await simulator.requests(ids.before), []);
});

test("return() and an abort end a read that is under way, and a wait for the next", async () => {
  const [read, waits] = [await reading("stopped", ["hold"]), await reading("stopped", "stopped")];
  for (const [id, count] of [
    [read, 2],
    [waits, 1],
  ]) {
    await browser.run(async (id) => {
      lab.iterator = lab.client().cvmStates({ id })[Symbol.asyncIterator]();
      await lab.iterator.next();
      lab.pending = lab.iterator.next();
    }, id);
    await simulator.until(id, ({ length }) => length === count);
    const settled = await browser.run(async () => {
      const returned = lab.iterator.return();
      return [await lab.pending, await returned];
    });
    assert.deepEqual(settled, Array(2).fill({ done: true, value: null }));
    const requests = await simulator.closed(id);
    assert.equal(requests.length, count);
    if (id === read) assert.equal(requests[1].ending, "client left");
  }
});

test("each for await is a loop of its own, and a ReadableStream can be made of one", async () => {
  const id = await simulator.script({});
  await simulator.call("PUT", `cvms/${id}`, { status: "running" });
  const [loops, streamed] = await browser.run(async (id) => {
    const states = lab.client().cvmStates({ id });
    const loop = async () => {
      for await (const { status } of states) return status;
    };
    const loops = await Promise.all([loop(), loop()]);
    const stream = ReadableStream.from?.(states);
    if (!stream) return [loops];
    const reader = stream.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return [loops, value.status];
  }, id);
  assert.deepEqual(loops, ["running", "running"]);
  if (streamed !== undefined) assert.equal(streamed, "running");
  await simulator.closed(id);
});

test("it rests while the page is hidden, and reads at once when that is over, or the page is online again", async () => {
  const id = await reading("stopped", "starting", "running", "exited");
  const [resting, visible, online] = await browser.run(async (id) => {
    const reads = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes(id)).length;
    const iterator = lab.client().cvmStates({ id, interval: 30 })[Symbol.asyncIterator]();
    await iterator.next();
    lab.show("hidden");
    const second = iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 45_000));
    const resting = reads();
    const shownAt = performance.now();
    lab.show("visible");
    const { value } = await second;
    const visible = [value.status, performance.now() - shownAt];
    const third = iterator.next();
    const wokenAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    dispatchEvent(new Event("online"));
    const { value: last } = await third;
    const online = [last.status, performance.now() - wokenAt];
    await iterator.return();
    return [resting, visible, online];
  }, id);
  assert.equal(resting, 1);
  assert.deepEqual([visible[0], online[0]], ["starting", "running"]);
  assert.ok(visible[1] < 10_000 && online[1] < 15_000, `${visible[1]}, ${online[1]}`);
});

test("failures are told and retried without end; an answer begins to count anew", async () => {
  const busy = answer(503, "busy");
  const broken = [{ send: '{"status":' }, wait(100), "reset"];
  const id = await reading(busy, busy, [{ send: "{" }, "end"], "stopped", broken, "running");
  const outcome = await browser.run(async (id) => {
    const events = [];
    const states = [];
    const asked = [];
    const retryDelay = (failures, { name, code, status }) => {
      asked.push([failures, name, code, status]);
      return failures * 100;
    };
    for await (const { status } of lab.client().cvmStates({ id, retryDelay, onEvent: (event) => events.push(event) })) {
      states.push(status);
      if (status === "running") break;
    }
    return { states, asked, events };
  }, id);
  assert.deepEqual(outcome.states, ["stopped", "running"]);
  const told = outcome.events.map(({ type, code, httpStatus, failures, retryIn, status }) => [
    type,
    code,
    httpStatus,
    failures,
    retryIn,
    status,
  ]);
  assert.deepEqual(told.slice(0, 3), [
    ["error", "status", 503, 1, 100, undefined],
    ["error", "status", 503, 2, 200, undefined],
    ["error", "malformed", undefined, 3, 300, undefined],
  ]);
  assert.deepEqual(told.slice(3), [["error", "broken", undefined, 1, 100, "stopped"]]);
  assert.deepEqual(outcome.asked.slice(0, 3), [
    [1, "RequestError", "status", 503],
    [2, "RequestError", "status", 503],
    [3, "Error", "malformed", null],
  ]);
});

test("without a retryDelay the pauses grow from one second to half a minute; Retry-After is longer", async () => {
  const busy = answer(503, "busy");
  const id = await reading(...Array(8).fill(busy), answer(503, "busy", { "retry-after": "60" }), "running");
  const pauses = await browser.run(async (id) => {
    const pauses = [];
    const onEvent = ({ retryIn }) => {
      pauses.push(retryIn);
      // Not waited for: a wake-up makes the read due, but not before a Retry-After.
      if (retryIn < 60_000) setTimeout(() => dispatchEvent(new Event("online")), 100);
      else lab.controller.abort();
    };
    lab.controller = new AbortController();
    const states = lab.client().cvmStates({ id, onEvent, signal: lab.controller.signal });
    await states[Symbol.asyncIterator]()
      .next()
      .catch(() => {});
    return pauses;
  }, id);
  for (const [i, pause] of pauses.slice(0, 8).entries()) {
    const grown = Math.min(1000 * 2 ** i, 30_000);
    assert.ok(pause > grown / 2 - 1 && pause <= grown, `${i}: ${pause}`);
  }
  assert.equal(pauses[8], 60_000);
});

test("a permanent refusal throws RequestError out of the loop, unless shouldRetry agrees", async () => {
  const gone = answer(404, "CVM not found");
  const [strict, patient] = [await reading("running", gone), await reading(gone, gone, "running")];
  const outcome = await browser.run(
    async (strict, patient) => {
      const states = [];
      const loop = async (request) => {
        for await (const { status } of lab.client().cvmStates(request)) {
          states.push(status);
          if (request.shouldRetry) return status;
        }
      };
      const refusal = lab.describe(await loop({ id: strict }).catch((error) => error));
      const shouldRetry = ({ status }) => status === 404;
      return [states, refusal, await loop({ id: patient, shouldRetry, retryDelay: 10 })];
    },
    strict,
    patient,
  );
  const [states, { name, status, detail, lastState }, last] = outcome;
  assert.deepEqual([states, last], [["running", "running"], "running"]);
  assert.deepEqual([name, status, detail, lastState], ["RequestError", 404, "CVM not found", { status: "running" }]);
});

test("bad arguments, and functions that cannot be used, throw ValidationError at the first next()", async () => {
  const fields = await browser.run(async () => {
    const client = lab.client();
    const fieldsOf = async (...args) => {
      const states = client.cvmStates(...args);
      const error = await states[Symbol.asyncIterator]()
        .next()
        .catch((error) => error);
      if (!(error instanceof api.ValidationError)) return String(error);
      return error.validationErrors.map(({ field }) => field);
    };
    return [
      await fieldsOf(),
      await fieldsOf(null),
      await fieldsOf({}),
      await fieldsOf({ id: "my-app", interval: 4, retryDelay: -1, shouldRetry: 1, onEvent: 1, signal: 1 }),
    ];
  });
  assert.deepEqual(
    fields.map((fields) => (Array.isArray(fields) ? fields.toSorted() : fields)),
    [["request"], ["request"], ["id"], ["interval", "onEvent", "retryDelay", "shouldRetry", "signal"]],
  );
  const id = await reading(answer(503, "busy"), answer(404, "no"));
  const named = await browser.run(async (id) => {
    const attempt = async (request) => {
      for await (const _ of lab.client().cvmStates({ id, ...request })) break;
    };
    const field = (error) => error.validationErrors?.[0].field ?? String(error);
    return [
      await attempt({ retryDelay: () => "soon" }).catch(field),
      await attempt({ shouldRetry: async () => true }).catch(field),
    ];
  }, id);
  assert.deepEqual(named, ["retryDelay", "shouldRetry"]);
});

test("its reads are in the page's budget", async () => {
  const names = Array.from({ length: 25 }, (_, i) => `view-${i + 1}`);
  for (const name of names) await simulator.call("PUT", `cvms/${name}`, { status: "running" });
  await simulator.call("DELETE", "counters");
  await browser.open(simulator);
  const [took, most] = await browser.run(async (names) => {
    const began = performance.now();
    const sentAt = lab.noteReads();
    const first = async (id) => {
      for await (const { status } of lab.client().cvmStates({ id })) return status;
    };
    await Promise.all(names.map(first));
    return [performance.now() - began, lab.mostInASecond(sentAt)];
  }, names);
  assert.ok(took >= 2000, took);
  assert.equal(most, 10);
  assert.ok((await simulator.call("GET", "counters")).reads.mostOpen <= 2);
});
