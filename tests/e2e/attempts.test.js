// The rows of "How an attempt ends", over both transports: the built package in a real browser, checked by the server's
// log too.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startBrowser } from "./browser.js";
import { answer, complete, say, startSimulator, state, tells, wait } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
// A page of its own for each test: where a stream is refused, the whole page tries none for a while.
beforeEach(() => browser.open(simulator));
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** Watches a scripted CVM for "running" to the end. */
async function watchOver(transport, script, request, config) {
  const id = await simulator.script(script);
  const patience = { target: "running", maxRetries: 0, retryDelay: 100 };
  const outcome = await browser.watch({ id, ...patience, ...request }, { transport, ...config });
  const requests = await simulator.closed(id);
  const [streams, reads] = ["stream", "read"].map((kind) => requests.filter((request) => request.kind === kind));
  return { id, ...outcome, streams, reads };
}

/** How long the client stayed, in ms. */
const stay = ({ arrivedAt, leftAt }) => leftAt - arrivedAt;

function gaveUp({ error }, message) {
  assert.equal(error?.name, "MaxRetriesExceededError");
  assert.match(error.cause.message, message);
}

for (const transport of ["eventsource", "fetch"]) {
  const byFetch = transport === "fetch";
  // Why a test is skipped, if it is.
  const onlyEventSource = byFetch && "fetch sees the stream's status itself: no read follows";
  const onlyFetch = !byFetch && "only the transport on fetch can do this, or see it";
  // EventSource tells no status: one read asks for the reason.
  const asks = byFetch ? 0 : 1;
  const watch = (...args) => watchOver(transport, ...args);

  describe(`how an attempt ends, over ${transport}`, () => {
    test("state with the target status: resolves with this state, and the callback sees complete", async () => {
      const outcome = await watch({
        streams: [[state("running", { uptime: "1s", new_field: [1] }), wait(50), complete()]],
      });
      assert.deepEqual(outcome.state, { status: "running", uptime: "1s", new_field: [1] });
      assert.deepEqual(outcome.types, ["state", "complete"]);
      assert.equal(outcome.streams.length, 1);
      assert.equal(outcome.reads.length, 0);
    });

    test("state with the target status: complete is awaited for at most 1 s, then the client leaves", async () => {
      const outcome = await watch({ streams: [[state("running"), "hold"]] });
      assert.equal(outcome.state.status, "running");
      assert.deepEqual(outcome.types, ["state"]);
      assert.equal(outcome.streams[0].ending, "client left");
      assert.ok(stay(outcome.streams[0]) >= 990 && stay(outcome.streams[0]) < 2000);
    });

    test("state with the target status: any other end of the stream in that second resolves all the same", async () => {
      for (const end of ["end", "reset", say("timeout", { error: "late" }), say("state", "{")]) {
        const outcome = await watch({ streams: [[state("running"), wait(500), end]] });
        assert.equal(outcome.state.status, "running", JSON.stringify(end));
        assert.equal(outcome.streams.length, 1);
      }
    });

    test("state with another status: goes on", async () => {
      const outcome = await watch({
        streams: [[state("stopped"), state("starting"), wait(50), state("running"), complete()]],
      });
      assert.deepEqual(outcome.types, ["state", "state", "state", "complete"]);
      assert.equal(outcome.streams.length, 1);
    });

    test("complete without a state: one read decides, and is told", async () => {
      const reached = await watch({ streams: [[complete()]], reads: [tells("running")] });
      assert.equal(reached.state.status, "running");
      assert.deepEqual(reached.types, ["complete", "state"]);
      assert.equal(reached.reads.length, 1);
      assert.equal(reached.reads[0].headers.accept, "application/json");
      assert.equal(reached.reads[0].headers["cache-control"], "no-cache");
      assert.equal(reached.reads[0].path, `/api/v1/cvms/${reached.id}/state`);

      const missed = await watch({ streams: [[complete()]], reads: [tells("starting")] });
      gaveUp(missed, /status is "starting"/);
      assert.equal(missed.error.lastState.status, "starting");
      assert.deepEqual(missed.types, ["complete", "state", "error"]);
      assert.equal(missed.events[2].code, "not_reached");

      const unanswered = await watch({ streams: [[complete()]], reads: [answer(503, "busy")] });
      gaveUp(unanswered, /busy/);
      assert.deepEqual(unanswered.types, ["complete", "error"]);
      assert.deepEqual([unanswered.events[1].code, unanswered.events[1].httpStatus], ["status", 503]);
    });

    test("complete after a stale state: one read decides", async () => {
      const outcome = await watch({ streams: [[state("starting"), complete()]], reads: [tells("running")] });
      assert.equal(outcome.state.status, "running");
      assert.deepEqual(outcome.types, ["state", "complete", "state"]);
      assert.equal(outcome.reads.length, 1);
    });

    test("the server's timeout: ends the attempt, and the next follows after retryDelay", async () => {
      const payload = { error: "Timeout", elapsed: 10.2, target: "running" };
      const streams = [
        [state("starting"), say("timeout", payload), "hold"],
        [state("running"), complete()],
      ];
      const outcome = await watch({ streams }, { maxRetries: 1, retryDelay: 300 });
      assert.equal(outcome.state.status, "running");
      const status = "starting";
      assert.deepEqual(outcome.events[1], {
        ...payload,
        type: "timeout",
        data: payload,
        attempt: 1,
        retryIn: 300,
        status,
      });
      const [first, second] = outcome.streams;
      assert.ok(first.leftAt <= second.arrivedAt, "the first connection is closed before the second is opened");
      assert.ok(second.arrivedAt - first.leftAt >= 290);
    });

    test("timeout seconds since the attempt began, whatever has arrived: one timeout event", async () => {
      const drip = { repeat: { times: 100, steps: [state("starting"), wait(400)] } };
      const scripts = { beforeHeaders: ["hold"], afterHeaders: [{ send: ": hello\n\n" }, "hold"], dripFeed: [drip] };
      const ids = {};
      for (const [name, steps] of Object.entries(scripts)) {
        ids[name] = await simulator.script({ streams: [steps] });
        await browser.begin(name, { id: ids[name], target: "running", timeout: 10, maxRetries: 0 }, { transport });
      }
      for (const [name, id] of Object.entries(ids)) {
        const outcome = await browser.outcome(name);
        gaveUp(outcome, /timed out/);
        assert.deepEqual([outcome.error.cause.name, outcome.error.cause.code], ["TimeoutError", "timeout"]);
        assert.equal(outcome.events.at(-1).code, "timeout");
        assert.equal(outcome.types.filter((type) => type === "timeout").length, 1, name);
        assert.deepEqual({ ...outcome.events.at(-1).data, error: "" }, { error: "", elapsed: 10, target: "running" });
        const [stream, ...more] = await simulator.closed(id);
        assert.deepEqual(more, []);
        assert.equal(stream.ending, "client left");
        // The time that the module took to load counts, even where that is a part of a millisecond.
        assert.ok(outcome.took >= 9_990, `${name}: ${outcome.took}`);
        assert.ok(stay(stream) >= 9_000, `${name}: ${stay(stream)}`);
      }
    });

    test("the server's error: goes on", async () => {
      const outcome = await watch({
        streams: [[say("error", { error: "flaky" }), wait(50), state("running"), complete()]],
      });
      assert.equal(outcome.state.status, "running");
      assert.deepEqual(outcome.events[0], { type: "error", error: "flaky", data: { error: "flaky" }, attempt: 1 });
      assert.equal(outcome.streams.length, 1);
    });

    test("the server's error, and then the stream ends: this is the failure's message", async () => {
      const outcome = await watch({ streams: [[say("error", { error: "boot_failed", message: "no disk" }), "end"]] });
      gaveUp(outcome, /^no disk$/);
      assert.deepEqual(outcome.types, ["error", "error"]);
      assert.ok(!("code" in outcome.events[0]), "that is the server's own");
      assert.match(outcome.events[1].error, /event stream ended before the target/);
      assert.equal(outcome.events[1].code, byFetch ? "ended" : "broken");
    });

    test("data that is not JSON, or a state without a string status: an error event, and goes on", async () => {
      const bad = ['{"status":', "null", "[]", "7", '"running"', "{}", '{"status":7}'];
      for (const data of bad) {
        const outcome = await watch({ streams: [[say("state", data), state("running"), complete()]] });
        assert.equal(outcome.state.status, "running");
        assert.deepEqual(outcome.types, ["error", "state", "complete"], data);
        assert.equal(outcome.events[0].code, "malformed");
        const message = data === bad[0] ? /`state` event that is not JSON/ : /`state` event without a `status`/;
        assert.match(outcome.events[0].error, message);
      }
    });

    test("no event repeats the words of the one before it", async () => {
      const [one, other] = [say("error", { error: "flaky" }), say("state", "{}")];
      const outcome = await watch({ streams: [[one, one, other, other, one, other, state("running"), complete()]] });
      assert.deepEqual(outcome.types, ["error", "error", "error", "error", "error", "state", "complete"]);
      const words = outcome.events.slice(0, 5).map(({ error }) => error);
      assert.deepEqual(
        words,
        ["flaky", "flaky", words[2], "flaky", words[2]],
        "what the server says twice is told twice",
      );
    });

    test("an event of another name, or without one, or called open: the callback sees nothing", async () => {
      const others = [
        say("heartbeat", {}),
        say("open", {}),
        say("message", {}),
        { send: "data: {}\n\n: a comment\n\n" },
      ];
      const outcome = await watch({ streams: [[...others, state("running"), complete()]] });
      assert.deepEqual(outcome.types, ["state", "complete"]);
    });

    test("a clean end of the stream without the target: the attempt has failed", async () => {
      const outcome = await watch(
        {
          streams: [
            [state("starting"), "end"],
            [state("running"), complete()],
          ],
        },
        { maxRetries: 1 },
      );
      assert.equal(outcome.state.status, "running");
      assert.deepEqual(outcome.types, ["state", "error", "state", "complete"]);
      const { retryIn, code, status, data } = outcome.events[1];
      assert.deepEqual([retryIn, code, status], [100, byFetch ? "ended" : "broken", "starting"]);
      assert.deepEqual(Object.keys(data), ["error"], "the payload stays as it came");
    });

    test("never resolves with a state that is not the target", async () => {
      gaveUp(await watch({ streams: [[state("stopped"), "end"]] }), /event stream ended before the target/);
    });

    test("the browser's own reconnecting never runs, even with `retry: 0`", async () => {
      const streams = Array(3).fill([{ send: "retry: 0\n\n" }, state("starting"), "end"]);
      const outcome = await watch({ streams }, { maxRetries: 2, retryDelay: 200 });
      assert.equal(outcome.streams.length, 3);
      for (const [i, stream] of outcome.streams.slice(1).entries()) {
        assert.ok(stream.arrivedAt - outcome.streams[i].leftAt >= 190, "attempts come `retryDelay` apart");
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal((await simulator.requests(outcome.id)).length, 3, "and none comes after the watch has ended");
    });

    test("connection refused: the attempt has failed", async () => {
      const other = await startSimulator();
      const baseURL = `${other.origin}/api/v1`;
      other.stop();
      const request = { id: "my-app", target: "running", maxRetries: 1, retryDelay: 0 };
      const outcome = await browser.watch(request, { baseURL, transport });
      gaveUp(outcome, /./);
      assert.deepEqual(
        outcome.events.map(({ type, code, retryIn }) => [type, code, retryIn]),
        [
          ["error", "broken", 0],
          ["error", "broken", undefined],
        ],
      );
    });

    test("connection reset, before and after the headers and within a frame: the attempt has failed", async () => {
      const head = { respond: { status: 200, headers: { "content-type": "text/event-stream" } } };
      const half = { send: 'event: state\ndata: {"status":"running"}\n' };
      for (const steps of [["reset"], [head, wait(500), "reset"], [state("starting"), half, wait(500), "reset"]]) {
        // Chromium sends a request again by itself when a kept-alive connection breaks before the headers.
        const streams = [...Array(3).fill(steps), ...Array(3).fill(["end"])];
        const { error, types } = await watch({ streams });
        assert.equal(error?.name, "MaxRetriesExceededError");
        if (byFetch && steps.length > 1) assert.match(error.cause.message, /the connection broke/);
        assert.equal(types.at(-1), "error");
      }
    });

    test("a wrong content type, and the read fails as well: the attempt has failed", async () => {
      const html = { respond: { status: 200, headers: { "content-type": "text/html" } } };
      const page = [html, { send: "<h1>Sign in</h1>" }, "end"];
      const outcome = await watch({ streams: [page], reads: [page] });
      gaveUp(outcome, byFetch ? /not JSON/ : /refused the event stream.*not JSON/);
      assert.deepEqual([outcome.types, outcome.reads.length], [["error"], 1]);
      assert.equal(outcome.events[0].code, byFetch ? "malformed" : "refused");
    });

    test("408, 425, 5xx, and 429 where the read fails as well: the attempt has failed", async () => {
      for (const status of [408, 425, 429, 500, 502, 503, 504]) {
        const refusal = answer(status, "busy");
        // Chromium repeats a request that was answered 408 by itself, on each connection that it has kept.
        const refusals = Array(status === 408 ? 9 : 1).fill(refusal);
        const outcome = await watch({ streams: refusals, reads: refusals });
        gaveUp(outcome, /busy/);
        assert.deepEqual([outcome.error.cause.status, outcome.error.cause.code], [status, "status"]);
        const [{ code, httpStatus }] = outcome.events;
        assert.deepEqual([outcome.types, code, httpStatus], [["error"], "status", status]);
        if (status !== 408) assert.equal(outcome.reads.length, status === 429 ? 1 : asks, status);
      }
    });

    const refusals = {
      "with 429": answer(429, "too many streams"),
      "with another content type": [{ respond: { status: 200, headers: { "content-type": "text/html" } } }, "end"],
    };
    for (const [how, refusal] of Object.entries(refusals)) {
      test(`the stream is refused ${how}, but the read succeeds: the attempt goes on by reads`, async () => {
        const reads = [tells("starting"), tells("running")];
        const outcome = await watch({ streams: [refusal], reads });
        assert.equal(outcome.state?.status, "running", JSON.stringify(outcome.error));
        assert.deepEqual(outcome.types, ["state", "state"], "the callback hears nothing of the refusal");
        assert.deepEqual([outcome.streams.length, outcome.reads.length], [1, 2]);
        const pause = outcome.reads[1].arrivedAt - outcome.reads[0].arrivedAt;
        assert.ok(pause > 4400 && pause < 7000, `the next read comes an interval later: ${pause}`);
      });

      test(`the stream is refused ${how}, but the read tells the target: resolves`, async () => {
        const outcome = await watch({ streams: [refusal], reads: [tells("running")] });
        assert.equal(outcome.state.status, "running");
        assert.deepEqual(outcome.types, ["state"]);
      });
    }

    test("the stream is refused permanently, but the read tells the target: resolves", {
      skip: onlyEventSource,
    }, async () => {
      const outcome = await watch({ streams: [answer(500, "x")], reads: [tells("running")] });
      assert.equal(outcome.state.status, "running");
      assert.deepEqual(outcome.types, ["state"]);
    });

    test("Retry-After, in seconds or as a date, if that is longer than retryDelay", async () => {
      // A date knows no fractions of a second.
      const inThreeSeconds = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3000).toUTCString();
      const cases = [
        [() => "2", 2000, 2000],
        [() => "0", 100, 100],
        [inThreeSeconds, 1000, 4000],
        [() => "soon", 100, 100],
      ];
      for (const [value, least, most] of cases) {
        const refusal = answer(503, "busy", { "retry-after": value() });
        const streams = [refusal, [state("running"), complete()]];
        const outcome = await watch({ streams, reads: [refusal] }, { maxRetries: 1 });
        assert.equal(outcome.state.status, "running");
        const { retryIn } = outcome.events[0];
        assert.ok(retryIn >= least && retryIn <= most, `${value()}: ${retryIn}`);
        const refused = outcome.reads[0] ?? outcome.streams[0];
        assert.ok(outcome.streams[1].arrivedAt - refused.leftAt >= retryIn - 10);
      }
    });

    test("204 and every other 4xx: rejects at once with RequestError", async () => {
      for (const status of [204, 400, 401, 403, 404, 405, 409, 410, 422, 451]) {
        const refusal = answer(status, { error_code: "ERR-1", message: "not for you" });
        const { error, types, events, streams, reads } = await watch(
          { streams: [refusal], reads: [refusal] },
          { maxRetries: 9 },
        );
        assert.equal(error?.name, "RequestError", status);
        assert.equal(error.status, status);
        assert.equal(error.attempts, 1);
        if (status !== 204) {
          assert.deepEqual(error.detail, { error_code: "ERR-1", message: "not for you" });
          assert.match(error.message, /not for you/);
        }
        assert.deepEqual([types, streams.length, reads.length], [["error"], 1, asks]);
        assert.deepEqual([events[0].code, events[0].httpStatus, error.code], ["status", status, "status"]);
      }
    });

    test("a redirect, with a key or extra headers: refused, and neither is sent on", { skip: onlyFetch }, async () => {
      const other = await startSimulator();
      try {
        for (const config of [{ apiKey: "s3cret" }, { headers: { "x-secret": "s3cret" } }]) {
          for (const origin of ["", other.origin]) {
            const id = await simulator.script({ streams: [[state("running"), complete()]] });
            const location = `${origin}/api/v1/cvms/${id}/state?target=running`;
            const streams = [[{ respond: { status: 307, headers: { location } } }, "end"]];
            const { error, types, ...outcome } = await watch({ streams }, { maxRetries: 9 }, config);
            assert.equal(error.name, "RequestError");
            assert.match(error.message, /redirects, and a key or extra headers are never sent on/);
            assert.deepEqual([types, outcome.streams.length], [["error"], 1]);
            assert.deepEqual(await simulator.requests(id), []);
            assert.deepEqual(await other.requests(id), []);
          }
        }
      } finally {
        other.stop();
      }
    });

    test("a refusal whose body never comes: rejects all the same", { skip: onlyFetch }, async () => {
      const head = { respond: { status: 404, headers: { "content-type": "application/json" } } };
      const outcome = await watch({ streams: [[head, "hold"]] }, { maxRetries: 9 });
      assert.equal(outcome.error.name, "RequestError");
      assert.ok(stay(outcome.streams[0]) < 10_000);
    });

    test("an event of more than 16 MiB: the attempt has failed", { skip: onlyFetch }, async () => {
      const steps = [{ send: "data: " }, { repeat: { times: 17, steps: [{ send: "x".repeat(1 << 20) }] } }, "hold"];
      gaveUp(await watch({ streams: [steps] }), /more than 16777216 bytes/);
    });

    test("a redirect, without a key: followed", async () => {
      const id = await simulator.script({ streams: [[state("running"), complete()]] });
      const location = `/api/v1/cvms/${id}/state?target=running`;
      const outcome = await watch({ streams: [[{ respond: { status: 307, headers: { location } } }, "end"]] });
      assert.equal(outcome.state.status, "running");
      assert.equal((await simulator.closed(id)).length, 1);
    });

    test("a read that never answers ends after 10 s, or with the attempt's timeout", async () => {
      const ids = {
        "no answer": await simulator.script({ streams: [[complete()]], reads: [["hold"]] }),
        "timed out": await simulator.script({ streams: [[wait(2000), complete()]], reads: [["hold"]] }),
      };
      for (const [name, id] of Object.entries(ids)) {
        const timeout = name === "timed out" ? 10 : 60;
        await browser.begin(name, { id, target: "running", timeout, maxRetries: 0 }, { transport });
      }
      for (const [name, id] of Object.entries(ids)) {
        const outcome = await browser.outcome(name);
        gaveUp(outcome, new RegExp(name));
        const [last, code] = name === "timed out" ? ["timeout", "timeout"] : ["error", "broken"];
        assert.deepEqual([outcome.types, outcome.events[1].code], [["complete", last], code]);
        assert.ok(outcome.took >= 10_000 && outcome.took < 12_000, outcome.took);
        const [, read] = await simulator.closed(id);
        assert.deepEqual([read.kind, read.ending], ["read", "client left"]);
      }
    });

    test("CRLF and CR line ends, a BOM, comments and characters split across chunks", async () => {
      const text = Buffer.from('event: state\r\ndata: {"status":"running",\r\ndata: "name":"café"}\r\n\r\n');
      const cut = text.indexOf("é") + 1;
      const pieces = [Buffer.from("\ufeff: hi\r\r"), text.subarray(0, cut), text.subarray(cut)];
      const steps = pieces.flatMap((piece) => [{ sendBase64: piece.toString("base64") }, wait(20)]);
      const outcome = await watch({ streams: [[...steps, complete()]] });
      assert.deepEqual(outcome.state, { status: "running", name: "café" });
    });
  });
}
