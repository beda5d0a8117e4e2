// The behaviour of views, in each framework: in a real browser, checked by the simulator's log too.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, complete, state, tells } from "../e2e/simulator.js";

const hold = [state("starting"), "hold"];
const reaches = [state("starting"), state("running"), complete()];

/** Waits until an expression is true in the page, and gives what the probe has told. */
async function until(browser, name, expression) {
  const code = `
    const deadline = performance.now() + 30_000;
    const isTrue = () => { const view = page.last(${JSON.stringify(name)}); return view && (${expression}); };
    while (!isTrue() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    return { isTrue: Boolean(isTrue()), told: page.told(${JSON.stringify(name)}) };`;
  const { isTrue, told } = await browser.run(code);
  assert.ok(isTrue, `never true of ${name}: ${expression}\n${JSON.stringify(told.slice(-10))}`);
  return told;
}

/** @param given - functions that give the browser and the simulator, which start before the tests do */
export function testViews(given) {
  const [browser, simulator] = ["browser", "simulator"].map(
    (name) =>
      new Proxy(
        {},
        {
          get:
            (_, member) =>
            (...args) =>
              given[name]()[member](...args),
        },
      ),
  );
  const told = (name) => browser.run((name) => page.told(name), name);
  const watches = (name, expression) => until(browser, name, expression);
  const begin = (name, request) =>
    browser.run((name, request) => page.put(name, "watch", client, request), name, request);
  const read = (name, request) =>
    browser.run((name, request) => page.put(name, "states", client, request), name, request);

  test("a watch without a request is idle, and asks nothing", async () => {
    await browser.run(() => page.put("idle", "watch", client, undefined));
    assert.deepEqual(await watches("idle", "view.phase === 'idle'"), [{ phase: "idle", attempt: 0 }]);
    const id = await simulator.script({ streams: [reaches] });
    await begin("idle", { id, target: "running" });
    await watches("idle", "view.phase === 'reached'");
    await begin("idle", null);
    assert.deepEqual((await watches("idle", "view.phase === 'idle'")).at(-1), { phase: "idle", attempt: 0 });
  });

  test("a watch tells the states as they come, and then the one that was waited for, with one request", async () => {
    const id = await simulator.script({ streams: [reaches] });
    await begin("reaches", { id, target: "running" });
    const all = await watches("reaches", "view.phase === 'reached'");
    const phases = all.map(({ phase, status = "" }) => `${phase} ${status}`);
    assert.deepEqual(phases, ["watching ", "watching starting", "watching running", "reached running"]);
    assert.equal((await simulator.closed(id)).length, 1);
  });

  test("the same request written anew goes on, and its newest functions are called", async () => {
    const id = await simulator.script({ streams: [[state("starting"), "end"], hold] });
    await simulator.call("PUT", `cvms/${id}/script`, { streams: [[state("starting"), { wait: 500 }, "end"], hold] });
    await browser.run((id) => {
      globalThis.calls = [];
      globalThis.request = (name) => ({
        id,
        target: "running",
        retryDelay: () => calls.push(`delay ${name}`),
        onEvent: ({ type }) => calls.push(`${type} ${name}`),
      });
      page.put("inline", "watch", client, request("old"));
    }, id);
    await watches("inline", "view.state?.status === 'starting'");
    await browser.run(() => page.put("inline", "watch", client, request("new")));
    await simulator.until(id, (log) => log.length === 2);
    await watches("inline", "view.attempt === 2");
    const calls = await browser.run(() => calls);
    assert.deepEqual(calls, ["state old", "delay new", "error new", "state new"]);
    await browser.run(() => page.clear());
    assert.equal((await simulator.closed(id)).length, 2);
  });

  test("a client is asked once for each component that is mounted", async () => {
    const id = await simulator.script({ streams: [hold], reads: [tells("running")] });
    await browser.run((id) => {
      globalThis.asked = [];
      const counting = {
        watchCvmState: (...args) => asked.push("watch") && client.watchCvmState(...args),
        cvmStates: (...args) => asked.push("states") && client.cvmStates(...args),
      };
      page.putAll([
        ["watched", "watch", counting, { id, target: "running" }],
        ["read", "states", counting, { id }],
      ]);
    }, id);
    for (const name of ["watched", "read"]) await watches(name, "view.state");
    assert.deepEqual(await browser.run(() => asked.sort()), ["states", "watch"]);
    await browser.run(() => page.remove("watched", "read"));
    await simulator.closed(id);
  });

  test("between attempts a watch is retrying", async () => {
    const id = await simulator.script({ streams: [[state("starting"), "end"], reaches] });
    await begin("retries", { id, target: "running", retryDelay: 300 });
    const all = await watches("retries", "view.phase === 'reached'");
    assert.deepEqual(
      all.filter(({ phase }) => phase === "retrying"),
      [{ phase: "retrying", status: "starting", attempt: 1, retryIn: 300 }],
    );
    assert.deepEqual(all.at(-1), { phase: "reached", status: "running", attempt: 2 });
  });

  test("another id ends the old watch, and nothing of it is shown any more", async () => {
    const [old, other] = [await simulator.script({ streams: [hold] }), await simulator.script({ streams: [hold] })];
    await begin("moves", { id: old, target: "running" });
    await watches("moves", "view.state?.status === 'starting'");
    await begin("moves", { id: other, target: "running" });
    await simulator.closed(old);
    await simulator.until(other, (log) => log.length === 1);
    const all = await watches("moves", "page.shown.moves.length === 4");
    const [before, after] = [all.slice(0, 2), all.slice(2)];
    assert.deepEqual(before, after);
    await browser.run(() => page.remove("moves"));
    await simulator.closed(other);
  });

  test("another client begins anew", async () => {
    const id = await simulator.script({ streams: [hold, hold] });
    await begin("client", { id, target: "running" });
    await watches("client", "view.state");
    await browser.run((id) => {
      globalThis.other = api.createClient({ baseURL: "/api/v1" });
      page.put("client", "watch", other, { id, target: "running" });
    }, id);
    await simulator.until(id, (log) => log.length === 2 && log[0].leftAt !== null);
    await browser.run(() => page.remove("client"));
    assert.equal((await simulator.closed(id)).length, 2);
  });

  test("a watch that fails tells why, and can be begun anew", async () => {
    const refusal = answer(403, "not yours");
    const id = await simulator.script({ streams: [refusal, hold], reads: [refusal] });
    await begin("fails", { id, target: "running" });
    const all = await watches("fails", "view.phase === 'failed'");
    assert.equal(all.at(-1).error, "RequestError");
    await browser.run(() => page.last("fails").restart());
    const again = (await watches("fails", "view.state")).slice(all.length);
    assert.deepEqual(again, [
      { phase: "watching", attempt: 1 },
      { phase: "watching", status: "starting", attempt: 1 },
    ]);
    await browser.run(() => page.remove("fails"));
    await simulator.closed(id);
  });

  test("bad arguments fail, and do not throw", async () => {
    for (const request of [{ target: "running" }, { id: 7n.toString(), target: 5 }, { id: "my-app", target: [] }]) {
      await begin("bad", request);
      assert.equal((await watches("bad", "view.phase === 'failed'")).at(-1).error, "ValidationError");
    }
    await browser.run(() => page.put("bad", "watch", client, { id: Symbol("x"), target: 5n }));
    await watches("bad", "view.phase === 'failed'");
    await browser.run(() => page.remove("bad"));
  });

  test("a watch can be aborted, and begun anew while it goes on", async () => {
    const id = await simulator.script({ streams: Array(3).fill(hold) });
    await begin("aborts", { id, target: "running" });
    await watches("aborts", "view.state");
    await browser.run(() => page.last("aborts").abort());
    const [last] = (await watches("aborts", "view.phase === 'aborted'")).slice(-1);
    assert.deepEqual(last, { phase: "aborted", status: "starting", attempt: 1 });
    assert.equal((await simulator.closed(id)).length, 1);
    await browser.run(() => page.last("aborts").restart());
    await watches("aborts", "view.state && view.phase === 'watching'");
    await browser.run(() => page.last("aborts").restart());
    await simulator.until(id, (log) => log.length === 3 && log[1].leftAt !== null);
    await watches("aborts", "view.state && view.phase === 'watching'");
    assert.doesNotMatch(JSON.stringify((await told("aborts")).slice(-3)), /aborted|failed/);
    await browser.run(() => page.remove("aborts"));
    await simulator.closed(id);
  });

  test("unmounted at any moment, the connection is closed and nothing is shown", async () => {
    for (const steps of [["hold"], hold, [state("running"), { wait: 300 }, complete()]]) {
      const id = await simulator.script({ streams: [steps] });
      await begin(id, { id, target: "running" });
      await simulator.until(id, (log) => log.length === 1);
      const before = await browser.run((id) => {
        page.remove(id);
        return page.told(id).length;
      }, id);
      await simulator.closed(id);
      await browser.run((id) => page.last(id)?.restart(), id);
      const all = await told(id);
      assert.ok(all.length - before <= 1, JSON.stringify(all));
      assert.equal((await simulator.requests(id)).length, 1);
    }
  });

  test("a component that takes another's place in the same moment goes on with its watch", async () => {
    const id = await simulator.script({ streams: [hold, hold] });
    await begin("place", { id, target: "running" });
    await watches("place", "view.state");
    await browser.run((id) => page.put("place", "watch", client, { id, target: "running" }, "another key"), id);
    await watches("place", "view.state");
    const [request] = await simulator.requests(id);
    assert.equal(request.leftAt, null);
    await browser.run(() => page.remove("place"));
    assert.equal((await simulator.closed(id)).length, 1);
  });

  test("equal requests share a watch, until the last is gone", async () => {
    const id = await simulator.script({ streams: [hold, hold] });
    await browser.run((id) => {
      globalThis.heard = [];
      const request = (name) => ({ id, target: "running", onEvent: () => heard.push(name) });
      page.putAll(["one", "two"].map((name) => [name, "watch", client, request(name)]));
    }, id);
    for (const name of ["one", "two"]) await watches(name, "view.state");
    assert.deepEqual(await browser.run(() => heard), ["one", "two"]);
    await browser.run((id) => {
      page.remove("one");
      page.put("three", "watch", client, { target: "running", id, interval: undefined });
    }, id);
    assert.equal((await watches("three", "view.state")).at(-1).status, "starting");
    assert.equal((await simulator.requests(id)).length, 1);
    await browser.run(() => page.remove("two", "three"));
    await simulator.closed(id);
  });

  test("requests with functions that decide have a watch each", async () => {
    const id = await simulator.script({ streams: [hold, hold] });
    await browser.run((id) => {
      const until = () => true;
      page.putAll(["one", "two"].map((name) => [name, "watch", client, { id, target: "running", until }]));
    }, id);
    for (const name of ["one", "two"]) await watches(name, "view.state");
    assert.equal((await simulator.requests(id)).length, 2);
    await browser.run(() => page.remove("one", "two"));
    await simulator.closed(id);
  });

  test("a watch that is over is not joined: a component that comes later asks anew", async () => {
    const id = await simulator.script({ streams: [reaches, hold] });
    await begin("early", { id, target: "running" });
    await watches("early", "view.phase === 'reached'");
    await begin("late", { id, target: "running" });
    const all = await watches("late", "view.state");
    assert.doesNotMatch(JSON.stringify(all), /reached/);
    await browser.run(() => page.remove("early", "late"));
    assert.equal((await simulator.closed(id)).length, 2);
  });

  test("what a callback throws is reported, and the other callbacks are called all the same", async () => {
    const id = await simulator.script({ streams: [reaches] });
    await browser.run((id) => {
      globalThis.reported = [];
      globalThis.heard = [];
      addEventListener("unhandledrejection", (event) => {
        event.preventDefault();
        reported.push(event.reason.message);
      });
      const fail = () => {
        throw new Error("the callback's own");
      };
      page.putAll([
        ["throws", "watch", client, { id, target: "running", onEvent: fail }],
        ["hears", "watch", client, { id, target: "running", onEvent: ({ type }) => heard.push(type) }],
      ]);
    }, id);
    for (const name of ["throws", "hears"]) await watches(name, "view.phase === 'reached'");
    assert.deepEqual(await browser.run(() => heard), ["state", "state", "complete"]);
    assert.deepEqual(await browser.run(() => reported), Array(3).fill("the callback's own"));
    await browser.run(() => page.remove("throws", "hears"));
  });

  test("sixty watches at once, one of which fails", async () => {
    const refusal = answer(403, "not yours");
    const ids = [await simulator.script({ streams: [refusal], reads: [refusal] })];
    for (let n = 1; n < 60; n++) {
      ids.push(`${ids[0]}-of-sixty-${n}`);
      await simulator.call("PUT", `cvms/${ids.at(-1)}`, { status: "stopped", bootStepMs: 100 });
      await simulator.call("POST", `cvms/${ids.at(-1)}/start`);
    }
    await browser.run((ids) => page.putAll(ids.map((id) => [id, "watch", client, { id, target: "running" }])), ids);
    for (const [n, id] of ids.entries()) {
      await watches(id, `view.phase === '${n === 0 ? "failed" : "reached"}'`);
      assert.ok((await simulator.closed(id)).filter(({ kind }) => kind === "stream").length <= 1);
    }
    await browser.run(() => page.clear());
  });

  test("a CVM's states are shown as they come, read once for all who show it", async () => {
    const id = await simulator.script({ reads: [tells("starting"), tells("starting"), tells("running")] });
    await browser.run((id) => {
      const request = (name) => ({ id, onEvent: ({ type }) => heard.push(`${type} ${name}`) });
      globalThis.heard = [];
      page.putAll(["first", "second"].map((name) => [name, "states", client, request(name)]));
    }, id);
    for (const name of ["first", "second"]) await watches(name, "view.state?.status === 'starting'");
    assert.equal((await simulator.requests(id)).length, 1);
    await read("third", { id });
    await watches("third", "view.state?.status === 'starting'");
    for (const name of ["first", "second", "third"]) await watches(name, "view.state?.status === 'running'");
    assert.equal((await simulator.requests(id)).length, 3);
    assert.deepEqual(
      (await told("first")).map(({ status = "" }) => status),
      ["", "starting", "running"],
    );
    await browser.run(() => page.remove("first", "second", "third"));
    await simulator.closed(id);
  });

  test("a view is stale while reads fail, and keeps the last state", async () => {
    const id = await simulator.script({
      reads: [answer(503, "down"), tells("running"), answer(503), tells("running")],
    });
    await read("stale", { id, retryDelay: 300 });
    const ended = "page.told('stale').filter(({ status, isStale }) => status && !isStale).length === 2";
    const all = await watches("stale", ended);
    assert.deepEqual(
      // That an answer has come may be shown a moment before the answer is.
      all.filter(({ status, isStale }) => status || isStale),
      [
        { isStale: true },
        { status: "running", isStale: false },
        { status: "running", isStale: true },
        { status: "running", isStale: false },
      ],
    );
    await browser.run(() => page.remove("stale"));
  });

  test("a view is stale when there was no answer for three intervals", async () => {
    const id = await simulator.script({ reads: [tells("running"), ["hold"]] });
    await browser.run((id) => {
      const { setTimeout } = globalThis;
      globalThis.setTimeout = (action, ms, ...args) => setTimeout(action, ms === 15_000 ? 6000 : ms, ...args);
      page.put("silent", "states", client, { id });
    }, id);
    const all = await watches("silent", "view.state && view.isStale");
    assert.deepEqual(all.at(-1), { status: "running", isStale: true });
    await browser.run(() => page.remove("silent"));
    await simulator.closed(id);
  });

  test("a refusal ends the reading, with its error; another CVM is read then", async () => {
    const id = await simulator.script({ reads: [tells("running"), answer(403, "not yours")] });
    await read("refused", { id });
    const all = await watches("refused", "view.error");
    assert.deepEqual(all.at(-1), { status: "running", error: "RequestError", isStale: true });
    const other = await simulator.script({ reads: [tells("stopped")] });
    await read("refused", { id: other });
    const last = (await watches("refused", "view.state?.status === 'stopped'")).at(-1);
    assert.deepEqual(last, { status: "stopped", isStale: false });
    await read("refused", undefined);
    assert.deepEqual((await watches("refused", "!view.state")).at(-1), { isStale: false });
    await browser.run(() => page.remove("refused"));
  });

  test("sixty CVMs are shown, one of which cannot be read", async () => {
    const ids = [await simulator.script({ reads: [answer(404, "no such CVM")] })];
    for (let n = 1; n < 60; n++) ids.push(await simulator.script({ reads: [tells("running")] }));
    await browser.run((ids) => page.putAll(ids.map((id) => [id, "states", client, { id }])), ids);
    for (const [n, id] of ids.entries()) {
      const last = (await watches(id, n === 0 ? "view.error" : "view.state")).at(-1);
      const expected = n === 0 ? { error: "RequestError", isStale: true } : { status: "running", isStale: false };
      assert.deepEqual(last, expected);
    }
    await browser.run(() => page.clear());
    for (const id of ids) await simulator.closed(id);
  });
}
