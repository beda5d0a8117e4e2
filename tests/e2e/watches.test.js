// The rows of "How a watch ends", and what must hold however it ends, over both transports: the built package in a real
// browser, checked by the server's log too.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "./browser.js";
import * as readme from "./readme.js";
import { answer, complete, say, startSimulator, state, wait } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
  await browser.open(simulator);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** Runs an example of README's as a page would, and gives what it logs. A minute is over sooner here. */
function runExample(example) {
  return browser.run(`
    const { createClient, WatchAbortedError } = api;
    const client = createClient({ baseURL: "/api/v1" });
    const setTimeout = (action, ms) => globalThis.setTimeout(action, ms / 300);
    const lines = [];
    const console = { log: (line) => lines.push(line) };
    ${example}
    return lines;
  `);
}

test("README: the first example waits for a boot", async () => {
  const steps = ["booting", "requesting app keys", "mounting data disk", "setting up docker", "starting containers"];
  assert.deepEqual(await runExample(readme.boot), [
    "Status: stopped, Progress: null",
    ...steps.map((step) => `Status: starting, Progress: ${step}`),
    "Status: running, Progress: done",
    "Status: running, Progress: done",
    "CVM is now running",
  ]);
});

test("README: the second example cancels a watch", async () => {
  await simulator.call("PUT", "cvms/my-app/script", { streams: [[state("starting"), "hold"]] });
  assert.deepEqual(await runExample(readme.cancel), ["Watch was cancelled"]);
  assert.equal((await simulator.closed("my-app")).at(-1).ending, "client left");
});

const moments = {
  connecting: { streams: [["hold"]], requests: 1, attempts: 1, types: [] },
  streaming: { streams: [[state("starting"), "hold"]], requests: 1, attempts: 1, types: ["state"] },
  "waiting to retry": { streams: [[state("starting"), "end"]], requests: 1, attempts: 1, types: ["state", "error"] },
  "awaiting complete": { streams: [[state("running"), "hold"]], requests: 1, attempts: 1, types: ["state"] },
  "reading once": { streams: [[complete()]], reads: [["hold"]], requests: 2, attempts: 1, types: ["complete"] },
};
for (const transport of ["eventsource", "fetch"]) {
  describe(`how a watch ends, over ${transport}`, () => {
    before(() => browser.run((transport) => lab.use(transport), transport));

    test("WatchAbortedError: aborted before the start, no request is made", async () => {
      const id = await simulator.script({ streams: [["hold"]] });
      const thrown = await browser.run(async (id) => {
        const client = lab.client();
        const reason = { mine: true };
        try {
          await client.watchCvmState({ id, target: "running", signal: AbortSignal.abort(reason) });
        } catch (error) {
          return { ...lab.describe(error), sameReason: error.cause === reason };
        }
      }, id);
      assert.equal(thrown.name, "WatchAbortedError");
      assert.equal(thrown.attempts, 0);
      assert.ok(thrown.sameReason);
      assert.deepEqual(await simulator.requests(id), []);
    });

    for (const [moment, { streams, reads, requests, attempts, types }] of Object.entries(moments)) {
      test(`WatchAbortedError: aborted while ${moment}`, async () => {
        const id = await simulator.script({ streams, reads });
        await browser.begin(moment, { id, target: "running", retryDelay: 60_000 }, { transport });
        await simulator.until(id, (log) => log.length === requests && (moment !== "waiting to retry" || log[0].leftAt));
        await browser.run(
          async (moment, count) => {
            while (lab.watches[moment].events.length < count) await new Promise((resolve) => setTimeout(resolve));
          },
          moment,
          types.length,
        );
        await browser.abort(moment, "enough");
        const outcome = await browser.outcome(moment);
        assert.equal(outcome.error.name, "WatchAbortedError");
        assert.deepEqual(outcome.error.classes.sort(), ["WatchAbortedError", "WatchError"]);
        assert.equal(outcome.error.cause.value, "enough");
        assert.equal(outcome.error.attempts, attempts);
        assert.deepEqual(outcome.types, types);
        const log = await simulator.closed(id);
        assert.equal(log.length, requests);
        if (moment !== "waiting to retry") assert.equal(log.at(-1).ending, "client left");
      });
    }

    test("WatchAbortedError: aborted by the callback, with the last event too", async () => {
      for (const [last, types] of [
        ["state", ["state"]],
        ["complete", ["state", "complete"]],
      ]) {
        const id = await simulator.script({ streams: [[state("running"), complete()]] });
        const outcome = await browser.run(
          async (id, last) => {
            const watch = lab.begin({ id, target: "running" }, { transport: lab.transport });
            const push = watch.events.push;
            watch.events.push = (entry) => {
              push.call(watch.events, entry);
              if (entry.event.type === last) watch.controller.abort();
            };
            return lab.outcome(watch);
          },
          id,
          last,
        );
        assert.equal(outcome.error?.name, "WatchAbortedError");
        assert.deepEqual(outcome.types, types);
      }
    });

    test("WatchAbortedError: aborted by the callback, which then hears no more, however much has arrived", async () => {
      const id = await simulator.script({ streams: [[{ send: state("starting").send.repeat(1000) }, "hold"]] });
      const heard = await browser.run(async (id) => {
        const controller = new AbortController();
        let heard = 0;
        const onEvent = () => {
          heard++;
          controller.abort();
        };
        const watching = lab.client().watchCvmState({ id, target: "running", onEvent, signal: controller.signal });
        const error = await watching.catch((error) => error);
        return [heard, error.name];
      }, id);
      assert.deepEqual(heard, [1, "WatchAbortedError"]);
    });

    test("WatchAbortedError: AbortSignal.timeout's reason is the cause itself", async () => {
      const id = await simulator.script({ streams: [["hold"]] });
      const thrown = await browser.run(async (id) => {
        const signal = AbortSignal.timeout(100);
        const error = await api
          .createClient({ baseURL: "/api/v1" })
          .watchCvmState({ id, target: "x", signal })
          .catch((e) => e);
        return [error.name, error.cause === signal.reason, error.cause.name];
      }, id);
      assert.deepEqual(thrown, ["WatchAbortedError", true, "TimeoutError"]);
    });

    test("MaxRetriesExceededError: after N retries, so N + 1 attempts", async () => {
      for (const maxRetries of [0, 1, 3]) {
        const id = await simulator.script({ streams: Array(9).fill([state("starting"), "end"]) });
        const { error, events } = await browser.watch(
          { id, target: "running", maxRetries, retryDelay: 20 },
          { transport },
        );
        assert.equal(error.name, "MaxRetriesExceededError");
        assert.deepEqual(error.classes.sort(), ["MaxRetriesExceededError", "WatchError"]);
        assert.equal(error.attempts, maxRetries + 1);
        assert.equal(error.lastState.status, "starting");
        assert.equal((await simulator.closed(id)).length, maxRetries + 1);
        const endings = events.filter(({ type }) => type === "error").map(({ attempt, retryIn }) => [attempt, retryIn]);
        assert.deepEqual(
          endings,
          Array.from(endings, (_, i) => [i + 1, i < maxRetries ? 20 : undefined]),
        );
      }
    });

    test("MaxRetriesExceededError: the message counts what the attempts ended with, and ends with the last", async () => {
      const busy = answer(503, "busy");
      const id = await simulator.script({
        streams: [
          busy,
          [say("timeout", { error: "late" })],
          busy,
          ["end"],
          [say("error", { error: "no disk" }), "end"],
        ],
        reads: [busy, busy],
      });
      const request = { id, target: ["running", "error"], maxRetries: 4, retryDelay: 0 };
      const { error } = await browser.watch(request, { transport });
      const ended = transport === "fetch" ? "ended" : "broken";
      assert.ok(
        error.message.endsWith(`gave up after 5 attempts (503 × 2, ${ended} × 2, timed out × 1): no disk`),
        error.message,
      );
      assert.equal(error.cause.code, ended);
    });

    test("RequestError: its classes, fields and message", async () => {
      const detail = [{ loc: ["query", "target"], msg: "no such status" }];
      const id = await simulator.script({
        streams: [[state("starting"), "end"], answer(422, detail)],
        reads: [answer(422, detail)],
      });
      const { error } = await browser.watch({ id, target: "running", retryDelay: 0 }, { transport });
      assert.deepEqual(error.classes.sort(), ["RequestError", "WatchError"]);
      assert.deepEqual([error.status, error.detail, error.attempts], [422, detail, 2]);
      assert.equal(error.lastState.status, "starting");
      assert.match(error.message, new RegExp(`"${id}".*"running".*422: no such status`));
    });

    test("an exception in the callback: reported as uncaught, and changes nothing else", async () => {
      const id = await simulator.script({ streams: [[state("starting"), state("running"), complete()]] });
      const [reported, status, calls] = await browser.run(async (id) => {
        const reported = [];
        const listen = (event) => {
          reported.push(event.error.message);
          event.preventDefault();
        };
        addEventListener("error", listen);
        let calls = 0;
        const state = await lab.client().watchCvmState({
          id,
          target: "running",
          onEvent() {
            throw new Error(`oops ${++calls}`);
          },
        });
        removeEventListener("error", listen);
        return [reported, state.status, calls];
      }, id);
      assert.deepEqual([reported, status, calls], [["oops 1", "oops 2", "oops 3"], "running", 3]);
    });

    test("an event holds the payload's own fields, whatever they are called", async () => {
      const payload =
        '{"status":"running","type":"x","data":"y","attempt":"z","retryIn":"w","__proto__":{"evil":1},"new":{"a":[1]}}';
      const id = await simulator.script({ streams: [[{ send: `event: state\ndata: ${payload}\n\n` }, complete()]] });
      const [event, own, evil] = await browser.run(async (id) => {
        let first;
        const onEvent = (event) => {
          first ??= event;
        };
        const state = await lab.client().watchCvmState({ id, target: "running" }, { onEvent });
        return [JSON.stringify(first), first.data === state, {}.evil ?? first.evil ?? state.evil];
      }, id);
      const { retryIn, ...others } = JSON.parse(payload);
      assert.deepEqual(JSON.parse(event), { ...others, type: "state", data: { ...others, retryIn }, attempt: 1 });
      assert.ok(own, "the state is the object that the callback saw, not a copy");
      assert.equal(evil, null);
    });

    test("after the promise has settled the callback is never called again, and no connection is open", async () => {
      const id = await simulator.script({
        streams: [[state("running"), complete(), state("stopped"), wait(200), state("x"), "hold"]],
      });
      const outcome = await browser.watch({ id, target: "running" }, { transport });
      assert.deepEqual(outcome.types, ["state", "complete"]);
      await simulator.closed(id);
    });

    test("a closed connection can be used again: ten watches in a row where one stream per user is allowed", async () => {
      const limited = await startSimulator("--streams-per-user", "1");
      try {
        await limited.call("PUT", "cvms/slow", { status: "stopped" });
        for (let i = 0; i < 10; i++) {
          await browser.begin(
            "limited",
            { id: "slow", target: "running" },
            { baseURL: `${limited.origin}/api/v1`, transport },
          );
          await limited.until("slow", (log) => log.length === i + 1);
          await browser.abort("limited");
          assert.equal((await browser.outcome("limited")).error.name, "WatchAbortedError");
          const log = await limited.closed("slow");
          assert.equal(log.length, i + 1, "none was refused, so none had to ask why");
        }
      } finally {
        limited.stop();
      }
    });

    test("1,000 watches on one AbortSignal leave no listener, no connection, and no growth", async () => {
      const id = await simulator.script({});
      await simulator.call("PUT", `cvms/${id}`, { status: "running" });
      const other = await simulator.script({ streams: Array(2000).fill([state("starting"), "end"]) });
      const figures = await browser.run(
        async (id, other) => {
          const { signal } = new AbortController();
          // Counted on this one signal, by the calls that a leak would leave out.
          let listeners = 0;
          const { addEventListener, removeEventListener } = signal;
          signal.addEventListener = (...args) => {
            listeners++;
            addEventListener.apply(signal, args);
          };
          signal.removeEventListener = (...args) => {
            listeners--;
            removeEventListener.apply(signal, args);
          };
          // Those that hear of a wake-up.
          const ofPage = new Set();
          const page = { add: globalThis.addEventListener, remove: globalThis.removeEventListener };
          globalThis.addEventListener = (...args) => {
            ofPage.add(args[1]);
            page.add.apply(globalThis, args);
          };
          globalThis.removeEventListener = (...args) => {
            ofPage.delete(args[1]);
            page.remove.apply(globalThis, args);
          };
          let timers = 0;
          const { setTimeout, clearTimeout } = globalThis;
          const running = new Set();
          globalThis.setTimeout = (action, ms) => {
            timers++;
            const timer = setTimeout(() => {
              running.delete(timer);
              action();
            }, ms);
            running.add(timer);
            return timer;
          };
          globalThis.clearTimeout = (timer) => {
            running.delete(timer);
            clearTimeout(timer);
          };
          const client = lab.client();
          let most = 0;
          let after100;
          for (let i = 1; i <= 1000; i++) {
            const request = i % 2 ? { id, target: "running" } : { id: other, target: "running", maxRetries: 0 };
            const watching = client.watchCvmState(request, { signal }).catch(() => {});
            await new Promise((resolve) => setTimeout(resolve));
            most = Math.max(most, listeners, ofPage.size);
            await watching;
            if (i === 100) after100 = lab.memoryBytes();
          }
          Object.assign(globalThis, { setTimeout, clearTimeout, addEventListener: page.add });
          globalThis.removeEventListener = page.remove;
          return {
            listeners: listeners + ofPage.size,
            most,
            timers: timers > 1000 && running.size,
            grown: lab.memoryBytes() - after100,
          };
        },
        id,
        other,
      );
      assert.deepEqual(figures, { listeners: 0, most: 3, timers: 0, grown: 0 });
      assert.equal((await simulator.closed(id)).length, 500);
      assert.equal((await simulator.closed(other)).length, 500);
    });
  });
}
