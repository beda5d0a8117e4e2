// How long what belongs to a watch lives: as long as the watch, whether its promise is referenced or not. And a watch
// that goes on for long holds no more for it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { answer, startSimulator, state, tells } from "../e2e/simulator.js";
import { collectGarbage, evaluate, held } from "./held.js";

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** Watches in the page without holding anything of it but weak references. It goes there as text. */
function forgetful() {
  globalThis.heard = [];
  globalThis.ended = undefined;
  globalThis.kept = undefined;
  const noted = [];
  globalThis.note = (name, value) => {
    if (value) noted.push([name, new WeakRef(value)]);
  };

  globalThis.begin = (id, makeSignal, maxRetries) => {
    const client = lab.client();
    const signal = makeSignal();
    const onEvent = (event) => {
      heard.push(event.status ?? event.type);
      note("event", event);
      note("payload", event.data);
    };
    const request = { id, target: "running", maxRetries, retryDelay: 0 };
    const options = { signal, onEvent };
    const promise = client.watchCvmState(request, options);
    const settled = promise.then(
      (state) => {
        note("state", state);
        ended = state.status;
      },
      (error) => {
        note("error", error);
        ended = error.name;
      },
    );
    for (const [name, value] of Object.entries({ client, signal, onEvent, request, options, promise, settled })) {
      note(name, value);
    }
  };
  /** The names of what is still there. */
  globalThis.left = () => noted.filter(([, value]) => value.deref()).map(([name]) => name);
}

/** Waits until an expression is true in the page. */
async function until(expression) {
  const deadline = Date.now() + 60_000;
  while (!(await evaluate(browser, expression))) {
    if (Date.now() > deadline) assert.fail(`never true: ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until everything of the watch has been collected. */
async function collected() {
  for (let round = 0; round < 20; round++) {
    await collectGarbage(browser);
    if ((await evaluate(browser, "left()")).length === 0) break;
  }
  assert.deepEqual(await evaluate(browser, "left()"), [], "still there, though the watch is over");
}

for (const transport of ["eventsource", "fetch"]) {
  describe(`a watch whose promise is not referenced, over ${transport}`, () => {
    before(async () => {
      await browser.open(simulator);
      await browser.run(`lab.use(${JSON.stringify(transport)});`);
    });
    const begin = (id, signal, maxRetries = 0) =>
      evaluate(browser, `(${forgetful})(); begin(${JSON.stringify(id)}, ${signal}, ${maxRetries})`);

    test("goes on to its target, tells the callback, and is collected then", async () => {
      const id = `nobody-${transport}`;
      await simulator.call("PUT", `cvms/${id}`, { status: "stopped" });
      await begin(id, "() => new AbortController().signal");
      await until("heard.length === 1");
      await collectGarbage(browser);
      assert.ok((await evaluate(browser, "left()")).includes("onEvent"), "the watch needs it");
      assert.equal((await simulator.requests(id))[0].leftAt, null, "it goes on");
      await simulator.call("POST", `cvms/${id}/start`);
      await until("ended === 'running'");
      assert.deepEqual((await evaluate(browser, "heard")).slice(-2), ["running", "running"], "and complete");
      await simulator.closed(id);
      await collected();
    });

    test("goes on until its retries are used up, and is collected then", async () => {
      const id = await simulator.script({ streams: Array(9).fill([state("starting"), "end"]) });
      await begin(id, "() => new AbortController().signal", 2);
      await until("ended === 'MaxRetriesExceededError'");
      assert.equal((await simulator.closed(id)).length, 3);
      await collected();
    });

    test("goes on until it is refused, and is collected then", async () => {
      const refusal = answer(403, { why: "not yours" });
      const id = await simulator.script({ streams: [[state("starting"), "end"], refusal], reads: [refusal] });
      await begin(id, "() => new AbortController().signal", 2);
      await until("ended === 'RequestError'");
      await simulator.closed(id);
      await collected();
    });

    for (const [moment, steps] of Object.entries({ connecting: ["hold"], streaming: [state("starting"), "hold"] })) {
      test(`is aborted by its signal while ${moment}, and is collected then`, async () => {
        const id = await simulator.script({ streams: [steps] });
        await begin(id, "() => (globalThis.kept = new AbortController()).signal");
        await simulator.until(id, (log) => log.length === 1);
        if (moment === "streaming") await until("heard.length === 1");
        await collectGarbage(browser);
        await evaluate(browser, "kept.abort(); kept = undefined;");
        await until("ended === 'WatchAbortedError'");
        assert.equal((await simulator.closed(id))[0].ending, "client left");
        await collected();
      });
    }

    test("is aborted by a signal that only the watch references: a timeout's, and one that follows another", async () => {
      for (const signal of [
        "() => AbortSignal.timeout(1000)",
        "() => AbortSignal.any([(globalThis.kept = new AbortController()).signal])",
      ]) {
        const id = await simulator.script({ streams: [[state("starting"), "hold"]] });
        await begin(id, signal);
        await until("heard.length === 1");
        await collectGarbage(browser);
        await evaluate(browser, "kept?.abort(); kept = undefined;");
        await until("ended === 'WatchAbortedError'");
        assert.equal((await simulator.closed(id))[0].ending, "client left");
        await collected();
      }
    });
  });
}

test("a loop of states that is not used any more is collected, and one with a pending read after that has ended", async () => {
  await browser.open(simulator);
  for (const wait of ["await iterator.next();", "note('promise', iterator.next());"]) {
    const id = await simulator.script({ reads: [[{ wait: 300 }, ...tells("running")]] });
    await evaluate(
      browser,
      `(${forgetful})(); (async () => {
        const request = { id: ${JSON.stringify(id)} };
        const states = lab.client().cvmStates(request);
        const iterator = states[Symbol.asyncIterator]();
        for (const [name, value] of Object.entries({ request, states, iterator })) note(name, value);
        ${wait}
      })()`,
    );
    await simulator.until(id, ([read]) => read?.leftAt);
    await collected();
    assert.equal((await simulator.requests(id)).length, 1);
  }
});

/** Bytes by which the page may grow for another reason: less than six for each of a day's keep-alives. */
const SLACK = 32_000;

for (const transport of ["eventsource", "fetch"]) {
  test(`a watch holds no more for a day of keep-alives than for an hour of them, over ${transport}`, async (t) => {
    await browser.open(simulator);
    const bytes = [];
    // The first day is the engine's, to compile what is used.
    for (const hours of [24, 1, 24]) {
      const keepAlives = { repeat: { times: hours * 240, steps: [{ send: ": ping\n\n" }, { wait: 0 }] } };
      const id = await simulator.script({ streams: [[state("stopped"), keepAlives, state("starting"), "hold"]] });
      const [request, config] = [{ id, target: "running" }, { transport }].map((value) => JSON.stringify(value));
      await evaluate(browser, `lab.watches.long = lab.begin(${request}, ${config}); undefined`);
      await until("lab.watches.long.events.length === 2");
      const { heap, wasm } = await held(browser);
      t.diagnostic(`${hours} h: heap ${heap}, wasm ${wasm}`);
      bytes.push({ heap, wasm });
      await evaluate(browser, "lab.watches.long.controller.abort(); lab.watches.long.settled.then(() => undefined)");
      await simulator.closed(id);
    }
    const [, hour, day] = bytes;
    assert.equal(day.wasm, hour.wasm);
    assert.ok(day.heap - hour.heap < SLACK, `JavaScript's heap has grown by ${day.heap - hour.heap} bytes`);
  });
}

/** In the page: hides it and shows it so often, after which it is online again and comes back from the cache many times. */
async function wake(rounds) {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let round = 0; round < rounds; round++) {
    lab.show("hidden");
    // Three intervals, and it counts.
    await pause(16_000);
    lab.show("visible");
    for (let n = 0; n < 100; n++) {
      dispatchEvent(new Event("online"));
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }
    await pause(6000);
  }
}

/** The same: less than the smallest object for each of 8,000 wake-ups. The engine still compiles what they use. */
const SLACK_OF_WAKING = 100_000;

for (const transport of ["eventsource", "fetch", "poll"]) {
  test(`a watch holds no more for thousands of wake-ups, over ${transport}`, async (t) => {
    const id = `sleeper-${transport}`;
    await simulator.call("PUT", `cvms/${id}`, { status: "stopped" });
    await browser.open(simulator);
    const request = { id, target: "running", timeout: 600, retryDelay: 0 };
    await evaluate(
      browser,
      `lab.hurry(100); lab.use("${transport}");
      globalThis.controller = new AbortController(); globalThis.told = false; globalThis.ended = undefined;
      lab.client().watchCvmState(${JSON.stringify(request)}, { signal: controller.signal, onEvent() { told = true; } })
        .catch(({ name }) => { ended = name; });
      undefined`,
    );
    await until("told");
    const [few, many] = [20, 40];
    // The first ones are the engine's.
    const figures = [];
    for (const rounds of [few, many]) {
      await evaluate(browser, `(${wake})(${rounds})`);
      const { heap, wasm } = await held(browser);
      t.diagnostic(`${rounds} rounds: heap ${heap}, wasm ${wasm}`);
      figures.push({ heap, wasm });
    }
    await evaluate(browser, "controller.abort()");
    await until("ended === 'WatchAbortedError'");
    const requests = await simulator.closed(id);
    const reads = requests.filter(({ kind }) => kind === "read").length;
    assert.ok(reads >= few + many, `only ${reads} reads: not each round has woken it`);
    const [before, after] = figures;
    assert.equal(after.wasm, before.wasm);
    const grown = after.heap - before.heap;
    assert.ok(grown < SLACK_OF_WAKING, `JavaScript's heap has grown by ${grown} bytes`);
  });
}
