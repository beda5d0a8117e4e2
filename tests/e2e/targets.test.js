// "How a state is judged": which states end a watch, over each transport, and what the caller's functions may do.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startBrowser } from "./browser.js";
import { answer, complete, say, startSimulator, state, tells, wait } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
beforeEach(() => browser.open(simulator));
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** A script that tells these states, by a stream and by reads. */
const telling = (states) => ({
  streams: [[...states.flatMap((payload) => [say("state", payload), wait(10)]), "hold"]],
  reads: states.map(({ status, ...more }) => tells(status, more)),
});

const starting = { status: "starting" };
const running = { status: "running" };

for (const transport of ["eventsource", "fetch", "poll"]) {
  const polls = transport === "poll";

  describe(`which states end a watch, over ${transport}`, () => {
    // Else it would take 5 s from state to state.
    if (polls) beforeEach(() => browser.run(() => lab.hurry(10)));

    /** Watches a CVM with these states, or with this script. */
    async function watch(states, request) {
      const id = await simulator.script(Array.isArray(states) ? telling(states) : states);
      const outcome = await browser.watchWith(id, request, { transport });
      const requests = await simulator.closed(id);
      return { id, ...outcome, requests };
    }

    test("targets: any of them will do, and the server is told the first", async () => {
      const states = [running, { status: "exited", exited_at: "now" }];
      const outcome = await watch(states, '{ target: ["stopped", "exited"] }');
      assert.deepEqual(outcome.state, states[1]);
      assert.deepEqual(outcome.types, ["state", "state"]);
      const [{ path }] = outcome.requests;
      assert.equal(new URL(path, "http://x").searchParams.get("target"), polls ? null : "stopped");
    });

    test("until: a state with a target status counts only if it agrees, and it is asked for no other", async () => {
      const states = [starting, { status: "running", in_progress: true }, { status: "running", in_progress: false }];
      const outcome = await watch(
        states,
        `{ target: ["running", "x"], until: (state) => { (lab.asked ??= []).push(state); return !state.in_progress; } }`,
      );
      assert.deepEqual(outcome.state, states[2]);
      assert.deepEqual(outcome.types, ["state", "state", "state"]);
      assert.deepEqual(await browser.run(() => lab.asked), states.slice(1));
    });

    test("until is judged by truthiness", async () => {
      for (const truthy of ["1", '"no"', "{}"]) {
        const outcome = await watch([running], `{ target: "running", until: () => (${truthy}) }`);
        assert.equal(outcome.state?.status, "running", truthy);
      }
      const falsy = "[undefined, null, 0, '', NaN, false]";
      const states = Array.from({ length: 7 }, (_, i) => ({ status: "running", boot_progress: `${i}` }));
      const outcome = await watch(
        states,
        `{ target: "running", until: () => { lab.falsy ??= ${falsy}; return lab.falsy.length === 0 || lab.falsy.shift(); } }`,
      );
      assert.equal(outcome.state?.boot_progress, "6", JSON.stringify(outcome.error));
    });

    test("failOn: a status, statuses, or a function that agrees; CvmFailedError tells the state", async () => {
      const failed = { status: "error", boot_error: "no space left", instance_id: "i-1" };
      for (const failOn of ['"error"', '["exited", "error"]', "(state) => state.boot_error", "api.bootFailed"]) {
        const { error, types } = await watch([starting, failed, running], `{ target: "running", failOn: ${failOn} }`);
        assert.equal(error?.name, "CvmFailedError", failOn);
        assert.deepEqual(error.classes.sort(), ["CvmFailedError", "WatchError"]);
        assert.deepEqual([error.state, error.lastState, error.attempts], [failed, failed, 1]);
        assert.match(error.message, /"error".*no space left/);
        assert.deepEqual(types, ["state", "state"], "the callback sees it");
      }
    });

    test("failOn comes before target", async () => {
      const failed = { status: "running", boot_error: "no gateway" };
      const { error } = await watch([failed], '{ target: "running", failOn: api.bootFailed }');
      assert.deepEqual([error?.name, error?.state], ["CvmFailedError", failed]);
    });

    test("leaveFirst: the first status counts neither for target nor for failOn, until it has been left", async () => {
      const again = { ...running, boot_progress: "x" };
      const states = [{ ...again, boot_progress: "done" }, again, { status: "restarting" }, starting, running];
      const outcome = await watch(
        states,
        `{ target: "running", leaveFirst: true, failOn: (state) => { (lab.asked ??= []).push(state.status); } }`,
      );
      assert.equal(outcome.state?.status, "running", JSON.stringify(outcome.error));
      assert.equal(outcome.types.length, 5);
      assert.deepEqual(await browser.run(() => lab.asked), ["restarting", "starting", "running"]);

      const wasFailed = [{ status: "error" }, starting, running];
      const better = await watch(wasFailed, '{ target: "running", leaveFirst: true, failOn: "error" }');
      assert.equal(better.state?.status, "running");
      const failsAgain = [{ status: "error" }, starting, { status: "error" }];
      const failure = await watch(failsAgain, '{ target: "running", leaveFirst: true, failOn: "error" }');
      assert.equal(failure.error?.name, "CvmFailedError");
    });

    test("a target that differs in case or space alone is hinted at with one console.warn", async () => {
      await browser.run(() => {
        lab.warnings = [];
        console.warn = (...args) => lab.warnings.push(args);
      });
      const states = [starting, { status: "Running" }, { status: " running" }, running];
      for (const count of [1, 2]) {
        const outcome = await watch(states, '{ target: ["stopped", "running"] }');
        assert.deepEqual([outcome.state?.status, outcome.types.length], ["running", 4]);
        const warnings = await browser.run(() => lab.warnings);
        assert.equal(warnings.length, count);
        assert.match(warnings[0][0], /"Running".*"running"/);
      }
      // A console whose `warn` throws must break nothing.
      await browser.run(() => {
        console.warn = () => {
          throw new Error("no console");
        };
      });
      assert.equal((await watch(states, '{ target: "running" }')).state?.status, "running");
    });

    test("shouldRetry: asked for a refusal that would end the watch; if it agrees, the attempt has failed", async () => {
      const unknown = answer(404, "CVM not found");
      const script = {
        streams: [unknown, unknown, [state("running"), complete()]],
        reads: [unknown, unknown, tells("running")],
      };
      const outcome = await watch(
        script,
        `{ target: "running", retryDelay: 10, shouldRetry: (error) => {
            (lab.asked ??= []).push([error instanceof api.RequestError, error.status, error.code, error.detail, error.attempts]);
            return error.status === 404;
        } }`,
      );
      assert.equal(outcome.state?.status, "running", JSON.stringify(outcome.error));
      const refusal = [true, 404, "status", "CVM not found"];
      assert.deepEqual(await browser.run(() => lab.asked), [
        [...refusal, 1],
        [...refusal, 2],
      ]);
      const failures = outcome.events.slice(0, 2).map(({ type, httpStatus, retryIn }) => [type, httpStatus, retryIn]);
      assert.deepEqual(failures, Array(2).fill(["error", 404, 10]));
    });

    test("shouldRetry: with no retry left the refusal is the cause, and if it disagrees it ends the watch", async () => {
      const refusals = { streams: Array(3).fill(answer(403, "no")), reads: Array(3).fill(answer(403, "no")) };
      const patient = await watch(
        refusals,
        '{ target: "running", maxRetries: 2, retryDelay: 0, shouldRetry: () => 1 }',
      );
      assert.equal(patient.error?.name, "MaxRetriesExceededError");
      assert.deepEqual(
        [patient.error.attempts, patient.error.cause.name, patient.error.cause.status],
        [3, "RequestError", 403],
      );
      const strict = await watch(refusals, '{ target: "running", shouldRetry: (error) => error.status === 404 }');
      assert.deepEqual([strict.error?.name, strict.error?.status, strict.error?.attempts], ["RequestError", 403, 1]);
    });

    test("a function that throws, or gives a promise, ends the watch with a ValidationError that names it", async () => {
      const refusal = answer(404, "no");
      const scripts = {
        until: telling([running]),
        failOn: telling([starting]),
        shouldRetry: { streams: [refusal], reads: [refusal] },
      };
      const bodies = {
        "() => { throw new RangeError('mine'); }": /must not throw, but has thrown: mine/,
        "async () => true": /must decide at once, but has given a promise/,
        "() => Promise.reject(new Error('unheard'))": /must decide at once, but has given a promise/,
        "() => ({ then() {} })": /must decide at once, but has given a promise/,
      };
      await browser.run(() => {
        lab.uncaught = [];
        addEventListener("unhandledrejection", ({ reason }) => lab.uncaught.push(String(reason)));
        addEventListener("error", ({ message }) => lab.uncaught.push(message));
      });
      for (const [name, script] of Object.entries(scripts)) {
        for (const [body, message] of Object.entries(bodies)) {
          const { error } = await watch(script, `{ target: "running", ${name}: ${body} }`);
          assert.equal(error?.name, "ValidationError", `${name}: ${body}: ${JSON.stringify(error)}`);
          assert.equal(error.validationErrors[0].field, name);
          assert.match(error.validationErrors[0].message, message);
          assert.equal(error.cause?.name ?? null, body.includes("throw ") ? "RangeError" : null);
          assert.equal(error.attempts, 1);
        }
      }
      // An unhandled rejection is told after the task that it happened in.
      assert.deepEqual(
        await browser.run(() => new Promise((resolve) => setTimeout(() => resolve(lab.uncaught), 50))),
        [],
      );
    });

    test("a function that aborts the watch", async () => {
      const outcome = await watch(
        [starting, running],
        '{ target: "running", until: () => { lab.watches.last.controller.abort("mine"); return true; } }',
      );
      assert.deepEqual([outcome.error?.name, outcome.error?.cause.value], ["WatchAbortedError", "mine"]);
    });

    if (polls) return;

    test("complete, but until or leaveFirst holds the state back: goes on by reads, without another stream", async () => {
      const busy = { status: "running", in_progress: true };
      await browser.run(() => lab.hurry(10));
      for (const [request, reads] of [
        ['{ target: "running", until: (state) => !state.in_progress }', [busy, busy, running]],
        ['{ target: "running", leaveFirst: true }', [running, running, { status: "restarting" }, running]],
      ]) {
        const streams = [[say("state", reads[0]), complete()]];
        const outcome = await watch(
          { streams, reads: reads.map(({ status, ...more }) => tells(status, more)) },
          request,
        );
        assert.equal(outcome.state?.status, "running", JSON.stringify(outcome.error));
        const kinds = outcome.requests.map(({ kind }) => kind);
        assert.deepEqual(kinds, ["stream", ...Array(reads.length).fill("read")]);
        assert.ok(outcome.events.every(({ attempt }) => attempt === 1));
      }
    });

    test("once the target is reached, later states in the awaited second change nothing", async () => {
      const streams = [[say("state", running), say("state", { status: "error" }), wait(100), complete()]];
      const outcome = await watch({ streams }, '{ target: "running", failOn: "error" }');
      assert.deepEqual(outcome.state, running);
      assert.deepEqual(outcome.types, ["state", "state", "complete"]);
    });
  });
}

test("events have the status and the progress of the last state, where their payload lacks them", async () => {
  const lasts = { status: "starting", boot_progress: "setting up docker" };
  const streams = [
    [
      say("error", { error: "early" }),
      say("state", lasts),
      say("error", { error: "x", status: "", boot_progress: null }),
      say("error", { error: "y", status: "own" }),
      say("state", { status: "starting" }),
      "end",
    ],
    [say("state", running), say("complete", { elapsed: 1 })],
  ];
  const id = await simulator.script({ streams });
  const { events } = await browser.watch({ id, target: "running", retryDelay: 0 }, { transport: "fetch" });
  const told = events.map(({ type, status, boot_progress }) => [type, status, boot_progress]);
  assert.deepEqual(told, [
    ["error", undefined, undefined],
    ["state", "starting", "setting up docker"],
    ["error", "starting", "setting up docker"],
    ["error", "own", "setting up docker"],
    ["state", "starting", undefined],
    ["error", "starting", undefined],
    ["state", "running", undefined],
    ["complete", "running", undefined],
  ]);
  assert.deepEqual(events[2].data, { error: "x", status: "", boot_progress: null });
  assert.deepEqual(events[7].data, { elapsed: 1 });
});

test("targets and failOn that cannot be are refused, each named", async () => {
  const many = JSON.stringify(Array.from({ length: 17 }, (_, i) => `s${i}`));
  const cases = {
    target: ["[]", many, '["running", "running"]', '["running", ""]', '["running", 7]', '[, "running"]'],
    failOn: ['""', "7", '["error", null]', '["error", "running"]', '"running"'],
    until: ["true"],
    leaveFirst: ["1"],
    shouldRetry: ["404"],
  };
  for (const [field, values] of Object.entries(cases)) {
    for (const value of values) {
      const { error } = await browser.watchWith("my-app", `{ target: ["stopped", "running"], ${field}: ${value} }`);
      assert.equal(error?.name, "ValidationError", value);
      assert.deepEqual([value, error.validationErrors.map(({ field }) => field)], [value, [field]]);
    }
  }
  for (const maxStreams of ["-1", "1.5", '"4"', "NaN", "null"]) {
    const fields = await browser.run(
      `const client = api.createClient({ baseURL: "/api/v1", maxStreams: ${maxStreams} });
       const error = await client.watchCvmState({ id: "my-app", target: "running" }).catch((error) => error);
       return error.validationErrors?.map(({ field }) => field);`,
    );
    assert.deepEqual(fields, ["maxStreams"], maxStreams);
  }
  assert.deepEqual(await simulator.requests("my-app"), []);
});
