// "The stream is a hint, the read is the truth": the reads beside a stream and in its place, the budget of both, and what wakes
// a watch. The built package in a real browser, checked by the server's log too.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startBrowser } from "./browser.js";
import { answer, complete, startSimulator, state, tells, wait } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
beforeEach(() => browser.open(simulator));
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** How many times as fast a page's time goes by: an interval of 5 s is over in 1 s, and three are in 3 s. */
const HASTE = 5;
const hurry = () => browser.run((haste) => lab.hurry(haste), HASTE);
/** The time between two moments in the server's log, in seconds of such a page. */
const seconds = (from, to) => ((to - from) * HASTE) / 1000;

const of = (requests, kind) => requests.filter((request) => request.kind === kind);
const isOver = (outcome) => assert.equal(outcome.state?.status, "running", JSON.stringify(outcome.error));

for (const transport of ["eventsource", "fetch"]) {
  /** Begins a watch for "running". */
  async function begin(name, script, request) {
    const id = await simulator.script(script);
    await browser.begin(name, { id, target: "running", maxRetries: 0, ...request }, { transport });
    return id;
  }

  /** Waits until a watch's callback has seen so many events. */
  const told = (name, count) =>
    browser.run(
      async (name, count) => {
        await lab.until(() => lab.watches[name].events.length >= count);
        return lab.watches[name].events.map(({ event }) => event);
      },
      name,
      count,
    );

  describe(`reads beside a stream, over ${transport}`, () => {
    const silences = {
      "that has told a state": [state("starting"), "hold"],
      "that only comments": [state("starting"), { repeat: { times: 900, steps: [{ send: ": ping\n\n" }, wait(100)] } }],
      "that does not answer": ["hold"],
    };
    test("a read checks a silent stream when 3 intervals are over, and again 3 intervals later", async () => {
      await hurry();
      const ids = {};
      for (const [which, stream] of Object.entries(silences)) {
        const same = which === "that does not answer" ? [] : [tells("starting", { uptime: "8s" })];
        ids[which] = await begin(which, { streams: [stream], reads: [...same, tells("running")] });
      }
      for (const [which, id] of Object.entries(ids)) {
        const outcome = await browser.outcome(which);
        isOver(outcome);
        const types = which === "that does not answer" ? ["state"] : ["state", "state"];
        assert.deepEqual(outcome.types, types, "the same state is not told again");
        const [open, ...reads] = await simulator.closed(id);
        assert.deepEqual([open.kind, open.ending, reads.length], ["stream", "client left", types.length]);
        let before = open.arrivedAt;
        for (const { arrivedAt } of reads) {
          const silence = seconds(before, arrivedAt);
          assert.ok(silence > 14 && silence < 24, `a stream ${which}: ${silence}`);
          before = arrivedAt;
        }
      }
    });

    test("a stream that sends events in time is never checked by a read", async () => {
      await hurry();
      const streams = [
        [{ repeat: { times: 4, steps: [state("starting"), wait(1500)] } }, state("running"), complete()],
      ];
      const id = await begin("lively", { streams });
      isOver(await browser.outcome("lively"));
      assert.deepEqual(of(await simulator.closed(id), "read"), []);
    });

    test("another state than the last told: the stream is replaced, and the second time by reads", async () => {
      await hurry();
      const id = await begin("dead", {
        streams: [
          [state("starting"), "hold"],
          [state("stopping", { shutdown_progress: "1 of 2" }), "hold"],
        ],
        reads: [tells("stopping"), tells("stopping", { shutdown_progress: "2 of 2" }), tells("running")],
      });
      const outcome = await browser.outcome("dead");
      isOver(outcome);
      const told = outcome.events.map(({ type, status, shutdown_progress, attempt }) => [
        type,
        status,
        shutdown_progress ?? "",
        attempt,
      ]);
      assert.deepEqual(told, [
        ["state", "starting", "", 1],
        ["state", "stopping", "", 1],
        ["state", "stopping", "1 of 2", 1],
        ["state", "stopping", "2 of 2", 1],
        ["state", "running", "", 1],
      ]);
      const requests = await simulator.closed(id);
      assert.deepEqual(
        requests.map(({ kind }) => kind),
        ["stream", "read", "stream", "read", "read"],
      );
      const [first, , second] = requests;
      assert.equal(first.path, second.path);
      // A connection that is closed and another that is opened may reach the server the other way round.
      assert.ok(first.leftAt < second.arrivedAt + 200, "the dead connection is closed before another is opened");
    });

    test("a state of a read that ends the watch is told, and closes the stream", async () => {
      await hurry();
      const ends = { resolves: [tells("running"), undefined], rejects: [tells("error"), "CvmFailedError"] };
      const ids = {};
      for (const [way, [read]] of Object.entries(ends)) {
        const script = { streams: [[state("starting"), "hold"]], reads: [read] };
        ids[way] = await begin(way, script, { failOn: "error" });
      }
      for (const [way, [, name]] of Object.entries(ends)) {
        const outcome = await browser.outcome(way);
        assert.equal(outcome.error?.name, name);
        assert.deepEqual(outcome.types, ["state", "state"]);
        assert.equal(of(await simulator.closed(ids[way]), "stream")[0].ending, "client left");
      }
    });

    test("while there is a stream, a read that fails changes nothing", async () => {
      await hurry();
      const reads = [
        answer(404, "CVM not found"),
        answer(503, "busy", { "retry-after": "600" }),
        ["hold"],
        tells("running"),
      ];
      const id = await begin("fails", { streams: [[state("starting"), "hold"]], reads });
      const outcome = await browser.outcome("fails");
      isOver(outcome);
      assert.deepEqual(outcome.types, ["state", "state"]);
      const requests = await simulator.closed(id);
      assert.deepEqual([of(requests, "stream").length, of(requests, "read").length], [1, 4]);
    });

    test("what the stream says while a read is under way is newer", async () => {
      await hurry();
      const slow = [wait(1500), ...tells("stopping")];
      const streams = [[state("starting"), wait(4000), state("running"), complete()]];
      const id = await begin("newer", { streams, reads: [slow] });
      const outcome = await browser.outcome("newer");
      isOver(outcome);
      assert.deepEqual(outcome.types, ["state", "state", "complete"]);
      const [, read] = await simulator.closed(id);
      assert.equal(read.ending, "client left");
    });
  });

  describe(`wake-ups, over ${transport}`, () => {
    const silent = [state("starting"), "hold"];
    const wakeUps = {
      online: () => dispatchEvent(new Event("online")),
      "pageshow, from the back/forward cache": () =>
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })),
    };
    for (const [name, wake] of Object.entries(wakeUps)) {
      test(`${name}: one read at once`, async () => {
        const id = await begin("woken", { streams: [silent], reads: [tells("running")] });
        await told("woken", 1);
        await browser.run(wake);
        const outcome = await browser.outcome("woken");
        isOver(outcome);
        assert.ok(outcome.took < 4000, "long before silence would cause a read");
        assert.equal((await simulator.closed(id)).length, 2);
      });
    }

    test("visible after 3 intervals or more: one read at once; sooner, or pageshow for a new page: none", async () => {
      await hurry();
      const stream = [{ repeat: { times: 30, steps: [state("starting"), wait(400)] } }];
      const id = await begin("hidden", { streams: [stream], reads: [tells("running")] });
      await told("hidden", 1);
      const early = await browser.run(async () => {
        const { length } = performance.getEntriesByType("resource");
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }));
        lab.show("hidden");
        const hiddenAt = performance.now();
        await lab.until(() => performance.now() > hiddenAt + 12_000);
        lab.show("visible");
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return performance.getEntriesByType("resource").length - length;
      });
      assert.equal(early, 0);
      assert.deepEqual(of(await simulator.requests(id), "read"), []);
      await browser.run(async () => {
        lab.show("hidden");
        const hiddenAt = performance.now();
        await lab.until(() => performance.now() > hiddenAt + 15_500);
        lab.show("visible");
      });
      isOver(await browser.outcome("hidden"));
      assert.equal(of(await simulator.closed(id), "read").length, 1);
    });

    test("a timer that fires 10 s or more late by the clock on the wall: one read", async () => {
      await hurry();
      const id = await begin("slept", { streams: [silent], reads: [tells("running")] });
      await told("slept", 1);
      await browser.run(() => {
        const { now } = Date;
        Date.now = () => now() + 60_000;
      });
      const outcome = await browser.outcome("slept");
      isOver(outcome);
      const [stream, read] = await simulator.closed(id);
      assert.ok(seconds(stream.arrivedAt, read.arrivedAt) < 13, "at the end of the interval");
    });

    test("at most one read an interval, however often it is woken", async () => {
      const id = await begin("nervous", { streams: [silent], reads: [tells("starting"), tells("starting")] });
      await told("nervous", 1);
      await browser.run(async () => {
        for (let i = 0; i < 20; i++) {
          dispatchEvent(new Event("online"));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      });
      await browser.abort("nervous");
      await browser.outcome("nervous");
      assert.equal(of(await simulator.closed(id), "read").length, 1);
    });

    test("a stream that has spoken within one interval stays whatever the read says, a silent one is replaced", async () => {
      const script = { streams: [silent, [state("running"), complete()]], reads: [tells("stopping")] };
      const lively = await begin("lively", script);
      await told("lively", 1);
      await browser.run(() => dispatchEvent(new Event("online")));
      const events = await told("lively", 2);
      assert.deepEqual(
        events.map(({ status }) => status),
        ["starting", "stopping"],
      );
      const [stream] = await simulator.until(lively, (requests) => requests[1]?.leftAt);
      assert.equal(stream.leftAt, null);
      await browser.abort("lively");
      await browser.outcome("lively");

      await hurry();
      const dead = await begin("dead", script);
      await told("dead", 1);
      await browser.run(() => new Promise((resolve) => setTimeout(resolve, 6000)));
      await browser.run(() => dispatchEvent(new Event("online")));
      const outcome = await browser.outcome("dead");
      isOver(outcome);
      const kinds = (await simulator.closed(dead)).map(({ kind }) => kind);
      assert.deepEqual(kinds, ["stream", "read", "stream"]);
    });

    test("a watch that waits to retry does so at once, but not before a Retry-After", async () => {
      const good = [state("running"), complete()];
      const patience = { maxRetries: 1, retryDelay: 600_000 };
      const id = await begin("broken", { streams: [[state("starting"), "end"], good] }, patience);
      await told("broken", 2);
      await browser.run(() => dispatchEvent(new Event("online")));
      const outcome = await browser.outcome("broken");
      isOver(outcome);
      assert.ok(outcome.took < 10_000);
      const [first, second] = await simulator.closed(id);

      assert.ok(second.arrivedAt - first.leftAt < 5000);
      const busy = answer(503, "busy", { "retry-after": "2" });
      const asked = await begin("asked", { streams: [busy, good], reads: [busy] }, patience);
      await told("asked", 1);
      await browser.run(() => dispatchEvent(new Event("online")));
      isOver(await browser.outcome("asked"));
      const [refused, ...more] = await simulator.closed(asked);
      assert.ok(more.at(-1).arrivedAt - refused.leftAt >= 1990);
    });

    test("once it has settled, nothing wakes it, and nothing listens", async () => {
      const counted = await browser.run(async (transport) => {
        const listeners = new Set();
        const { addEventListener, removeEventListener } = EventTarget.prototype;
        EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
          listeners.add(listener);
          return addEventListener.call(this, type, listener, ...rest);
        };
        EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
          listeners.delete(listener);
          return removeEventListener.call(this, type, listener, ...rest);
        };
        const watch = lab.begin({ id: "my-app", target: "never" }, { transport });
        await lab.until(() => watch.events.length > 0);
        const before = listeners.size;
        watch.controller.abort();
        await watch.settled;
        Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
        return [before >= 4, listeners.size];
      }, transport);
      assert.deepEqual(counted, [true, 0]);
    });
  });

  describe(`the budget of streams, over ${transport}`, () => {
    /** Begins watches of CVMs that start and never run, and waits until each has told a state. */
    const beginMany = (names, config) =>
      browser.run(
        async (names, config) => {
          for (const name of names) lab.watches[name] = lab.begin({ id: name, target: "running" }, config);
          await lab.until(() => names.every((name) => lab.watches[name].events.length > 0));
        },
        names,
        { transport, ...config },
      );
    const endAll = () =>
      browser.run(async () => {
        for (const { controller, settled } of Object.values(lab.watches)) {
          controller.abort();
          await settled;
        }
      });
    const makeCvms = async (...names) => {
      for (const name of names) await simulator.call("PUT", `cvms/${name}`, { status: "unknown" });
      await simulator.call("DELETE", "counters");
      await simulator.call("DELETE", "requests");
      return names;
    };
    const kinds = async (name) => (await simulator.requests(name)).map(({ kind }) => kind);

    test("maxStreams: at most 4 at a time by default, for all clients of the page; the others read", async () => {
      const names = await makeCvms("one-1", "one-2", "one-3", "one-4", "one-5", "one-6");
      await beginMany(names);
      const { streams } = await simulator.call("GET", "counters");
      assert.deepEqual([streams.open, streams.mostOpen], [4, 4]);
      assert.deepEqual(await Promise.all(names.map(kinds)), [...Array(4).fill(["stream"]), ...Array(2).fill(["read"])]);
      await endAll();
      await simulator.closed();
    });

    test("maxStreams may be 0, or another for each client, or Infinity", async () => {
      const names = await makeCvms("two-1", "two-2", "two-3", "two-4", "two-5", "two-6");
      await beginMany(names.slice(0, 1), { maxStreams: 0 });
      await beginMany(names.slice(1, 4), { maxStreams: 1 });
      await beginMany(names.slice(4), { maxStreams: 99 });
      const expected = ["read", "stream", "read", "read"].map((kind) => [kind]);
      assert.deepEqual(await Promise.all(names.slice(0, 4).map(kinds)), expected);
      await endAll();
      await simulator.closed();
    });

    test("a stream that becomes free goes to the watch that has read for the longest time, at its next read", async () => {
      await hurry();
      const names = await makeCvms("three-1", "three-2", "three-3");
      await beginMany(names.slice(0, 1), { maxStreams: 1 });
      await beginMany(names.slice(1, 2), { maxStreams: 1 });
      await beginMany(names.slice(2), { maxStreams: 1 });
      assert.deepEqual(await Promise.all(names.map(kinds)), [["stream"], ["read"], ["read"]]);
      await browser.abort(names[0]);
      const isStreaming = (requests) => requests.at(-1).kind === "stream";
      const [first, ...more] = await simulator.until(names[1], isStreaming);
      const pause = seconds((more.at(-2) ?? first).arrivedAt, more.at(-1).arrivedAt);
      assert.ok(pause > 4 && pause < 9, `at its next read: ${pause}`);
      assert.ok((await kinds(names[2])).every((kind) => kind === "read"));
      await browser.abort(names[1]);
      await simulator.until(names[2], isStreaming);
      const attempts = await browser.run(
        (name) => lab.watches[name].events.map(({ event }) => event.attempt),
        names[2],
      );
      assert.ok(
        attempts.every((attempt) => attempt === 1),
        "that is no new attempt",
      );
      await endAll();
      await simulator.closed();
    });

    test("a stream is refused: no watch tries another for 30 s, or until one of the page's own has ended", async () => {
      await hurry();
      const names = await makeCvms("four-1", "four-2", "four-3", "four-4", "four-5");
      await beginMany(names.slice(0, 1));
      await simulator.call("PUT", "conditions", { streams: { respond: { status: 429 } } });
      await beginMany(names.slice(1, 2));
      await simulator.call("DELETE", "conditions");
      await beginMany(names.slice(2, 3));
      assert.deepEqual(await kinds(names[1]).then((kinds) => kinds.slice(0, 2)), ["stream", "read"]);
      assert.equal((await kinds(names[2]))[0], "read", "not even tried");

      // A refusal holds for its own origin only.
      const other = await startSimulator();
      try {
        await other.call("PUT", `cvms/${names[3]}`, { status: "unknown" });
        await beginMany(names.slice(3, 4), { baseURL: `${other.origin}/api/v1` });
        assert.equal((await other.requests(names[3]))[0].kind, "stream");
        await browser.abort(names[3]);
      } finally {
        other.stop();
      }
      const [, refused] = await Promise.all([0, 1].map((i) => simulator.requests(names[i]).then(([first]) => first)));
      const retried = await simulator.until(names[1], (requests) => of(requests, "stream").length === 2);
      const pause = seconds(refused.arrivedAt, of(retried, "stream")[1].arrivedAt);
      assert.ok(pause >= 29 && pause < 45, `after 30 s: ${pause}`);

      await simulator.call("PUT", "conditions", { streams: { respond: { status: 429 } } });
      await beginMany(names.slice(4));
      await simulator.call("DELETE", "conditions");
      const [again] = await simulator.requests(names[4]);
      await browser.abort(names[0]);
      const [, , ...later] = await simulator.until(names[4], (requests) => of(requests, "stream").length === 2);
      assert.ok(seconds(again.arrivedAt, later.at(-1).arrivedAt) < 25, "sooner, since one has ended");
      await endAll();
      await simulator.closed();
    });
  });
}

describe("by reads alone", () => {
  /** Polls a scripted CVM on a page whose time runs faster. */
  async function poll(reads, request) {
    await hurry();
    const id = await simulator.script({ reads });
    const outcome = await browser.watch({ id, target: "running", maxRetries: 0, ...request }, { transport: "poll" });
    return { id, ...outcome, requests: await simulator.closed(id) };
  }

  test("the first at once, then one an interval, each ± 10 %, and no stream", async () => {
    const outcome = await poll([...Array(9).fill(tells("starting")), tells("running")]);
    isOver(outcome);
    assert.deepEqual(outcome.types, ["state", "state"]);
    assert.ok(outcome.requests.every(({ kind, headers }) => kind === "read" && headers.accept === "application/json"));
    const pauses = outcome.requests
      .slice(1)
      .map(({ arrivedAt }, i) => seconds(outcome.requests[i].arrivedAt, arrivedAt));
    assert.ok(
      pauses.every((pause) => pause > 4.2 && pause < 7.5),
      pauses.join(),
    );
    assert.ok(new Set(pauses.map((pause) => pause.toFixed(1))).size > 1, `they differ: ${pauses}`);
  });

  test("a state is another by its status, or by one of four fields where both tell it", async () => {
    const nothing = { boot_progress: null, boot_error: "", shutdown_progress: null, in_progress: false };
    const states = [
      [nothing, true],
      [{ ...nothing, uptime: "1s" }, false],
      [{ ...nothing, uptime: "2s", exited_at: "now", boot_progress: "", boot_error: null }, false],
      [{}, false],
      [{ ...nothing, boot_progress: "booting" }, true],
      [{ boot_progress: "booting", boot_error: "no disk" }, true],
      [{ shutdown_progress: "1 of 2" }, false],
      [nothing, true],
      [{ ...nothing, shutdown_progress: "1 of 2" }, true],
      [{ in_progress: false }, false],
      [{ in_progress: true }, true],
    ];
    const outcome = await poll([...states.map(([fields]) => tells("starting", fields)), tells("running")]);
    isOver(outcome);
    const told = outcome.events.map(({ data: { status, ...fields } }) => fields);
    assert.deepEqual(told, [...states.filter(([, isTold]) => isTold).map(([fields]) => fields), {}]);
  });

  test("a read that fails ends the attempt like a stream that failed", async () => {
    const failures = {
      "a status that passes": [answer(503, "busy"), "status", "RequestError"],
      "no JSON": [[{ send: "<h1>Sign in</h1>" }, "end"], "malformed", "Error"],
      "no state": [[{ send: "{}" }, "end"], "malformed", "Error"],
      "no answer": [["hold"], "broken", "Error"],
      "a broken connection": [[{ send: '{"status":' }, wait(100), "reset"], "broken", "Error"],
    };
    for (const [name, [failure, code, cause]] of Object.entries(failures)) {
      await browser.open(simulator);
      const reads = [tells("starting"), failure, tells("starting"), failure];
      const outcome = await poll(reads, { maxRetries: 1, retryDelay: 10 });
      assert.equal(outcome.error?.name, "MaxRetriesExceededError", name);
      assert.deepEqual([outcome.error.cause.code, outcome.error.cause.name], [code, cause], name);
      const told = outcome.events.map(({ type, code, attempt, retryIn }) => [type, code, attempt, retryIn]);
      assert.deepEqual(told, [
        ["state", undefined, 1, undefined],
        ["error", code, 1, 10],
        ["error", code, 2, undefined],
      ]);
    }
  });

  test("an attempt ends after its timeout, and a refusal ends the watch", async () => {
    const slow = await poll(Array(20).fill(tells("starting")), { timeout: 12 });
    assert.deepEqual(slow.types, ["state", "timeout"]);
    assert.equal(slow.error.cause.code, "timeout");
    const refused = await poll([tells("starting"), answer(404, "CVM not found")]);
    assert.deepEqual(
      [refused.error.name, refused.error.status, refused.types],
      ["RequestError", 404, ["state", "error"]],
    );
  });

  test("a wake-up: one read at once", async () => {
    const id = await simulator.script({ reads: [tells("starting"), tells("running")] });
    await browser.begin("woken", { id, target: "running", interval: 30 }, { transport: "poll" });
    await simulator.until(id, ([read]) => read?.leftAt);
    await browser.run(() => lab.until(() => lab.watches.woken.events.length > 0));
    await browser.run(() => dispatchEvent(new Event("online")));
    const outcome = await browser.outcome("woken");
    isOver(outcome);
    assert.ok(outcome.took < 10_000);
  });

  test("at most 10 reads start in any second and 2 are unanswered, the decisive ones first; getCvmState is not limited", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `poll-${i + 1}`);
    for (const name of names) await simulator.call("PUT", `cvms/${name}`, { status: "starting", bootStepMs: 600_000 });
    const id = await simulator.script({ streams: [[complete()]], reads: [tells("running")] });
    await simulator.call("PUT", "conditions", { delayMs: 150 });
    await simulator.call("DELETE", "counters");
    await simulator.call("DELETE", "requests");
    const [decided, read] = await browser.run(
      async (names, id) => {
        lab.sentAt = lab.noteReads();
        for (const name of names) {
          lab.watches[name] = lab.begin({ id: name, target: "running" }, { transport: "poll" });
        }
        const began = performance.now();
        const reading = lab.client({ transport: "poll" }).getCvmState({ id: names[0] });
        const deciding = lab.outcome(lab.begin({ id, target: "running" }, { transport: "fetch" }));
        await reading;
        return [(await deciding).state?.status, performance.now() - began];
      },
      names,
      id,
    );
    assert.equal(decided, "running");
    assert.ok(read < 1500, `getCvmState does not wait: ${read}`);
    const most = await browser.run(async (names) => {
      await lab.until(() => names.every((name) => lab.watches[name].events.length > 0));
      return lab.mostInASecond(lab.sentAt);
    }, names);
    const { reads } = await simulator.call("GET", "counters");
    // One of them is getCvmState's.
    assert.ok(reads.mostOpen <= 3, reads.mostOpen);
    assert.ok(most <= 11, most);
    const all = of(await simulator.requests(), "read");
    const place = all.findIndex(({ cvm }) => cvm === id);
    assert.ok(place >= 0 && place < 15, `those that read every interval came first, and wait all the same: ${place}`);
    await simulator.call("DELETE", "conditions");
    await browser.run(async () => {
      for (const { controller, settled } of Object.values(lab.watches)) {
        controller.abort();
        await settled;
      }
    });
    await simulator.closed();
  });
});

describe("Retry-After", () => {
  /** The wait that a refusal with this header makes a watch announce, in milliseconds, and the timer that it sets. */
  async function waitAfter(headers, conditions, { baseURL = "/api/v1", server = simulator } = {}) {
    const busy = answer(503, "busy", headers);
    const id = await server.script({ streams: [busy], reads: [busy] });
    if (conditions) await server.call("PUT", "conditions", conditions);
    try {
      return await browser.run(
        async (id, baseURL) => {
          const timers = [];
          const { setTimeout } = globalThis;
          globalThis.setTimeout = (action, ms) => {
            timers.push(ms);
            return setTimeout(action, ms);
          };
          const watch = lab.begin({ id, target: "running", retryDelay: 100 }, { baseURL, transport: "fetch" });
          await lab.until(() => watch.events.length > 0);
          globalThis.setTimeout = setTimeout;
          watch.controller.abort();
          await watch.settled;
          const [{ event }] = watch.events;
          return { retryIn: event.retryIn, isTimed: timers.includes(event.retryIn) };
        },
        id,
        baseURL,
      );
    } finally {
      if (conditions) await server.call("DELETE", "conditions");
    }
  }
  const hours = (count) => count * 3_600_000;

  test("in seconds; up to 10 minutes", async () => {
    for (const [value, expected] of [
      ["7", 7000],
      ["600", 600_000],
      ["601", 600_000],
      ["99999999999", 600_000],
      ["0", 100],
      ["-7", 100],
      ["soon", 100],
    ]) {
      assert.deepEqual(await waitAfter({ "retry-after": value }), { retryIn: expected, isTimed: true }, value);
    }
  });

  test("as a date, against the answer's own Date, however wrong the clocks are", async () => {
    for (const offset of [hours(5), hours(-5)]) {
      const { retryIn } = await waitAfter({ "retry-after": "60" }, { clockOffsetMs: offset, retryAfterAsDate: true });
      assert.ok(retryIn > 55_000 && retryIn <= 61_000, `${offset}: ${retryIn}`);
    }
    const far = new Date(Date.now() + hours(3)).toUTCString();
    assert.equal((await waitAfter({ "retry-after": far })).retryIn, 600_000);
  });

  test("as a date of another origin whose Date cannot be read: against our clock", async () => {
    const other = await startSimulator();
    try {
      const soon = new Date(Date.now() + 60_000).toUTCString();
      const elsewhere = { baseURL: `${other.origin}/api/v1`, server: other };
      const { retryIn } = await waitAfter({ "retry-after": soon }, { clockOffsetMs: hours(-5) }, elsewhere);
      assert.ok(retryIn > 40_000 && retryIn <= 61_000, retryIn);
    } finally {
      other.stop();
    }
  });
});
