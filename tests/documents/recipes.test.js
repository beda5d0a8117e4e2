// README's recipes, as they stand, in Chromium against the simulator.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { answer, complete, startSimulator, state, tells } from "../e2e/simulator.js";
import { blocksOf, readme } from "./blocks.js";

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

beforeEach(async () => {
  await browser.open(simulator);
  // Timers are looked up when they are set: retries and intervals of five seconds take a twentieth of that.
  await browser.run(() => {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (action, ms) => setTimeout(action, ms / 20);
  });
});

/** Runs a recipe; gives what it logs, and the error that it throws. */
function run(code, { ids = [] } = {}) {
  return browser.run(`
    const ids = ${JSON.stringify(ids)};
    const lines = [];
    let error;
    const { ${EXPORTS.join(", ")} } = api;
    const AbortSignal = { timeout: (ms) => globalThis.AbortSignal.timeout(ms / 500) };
    const restart = async (id) => {
      // The stream has told that it runs.
      await new Promise((resolve) => setTimeout(resolve, 4000));
      await fetch("/simulator/cvms/" + id + "/restart", { method: "POST" });
    };
    const console = { log: (...words) => lines.push(words.map((word) => word ?? "").join(" ").trim()) };
    try {
      ${code.includes("const client") ? "" : 'const client = createClient({ baseURL: "/api/v1" });'}
      ${code.replaceAll(/^import .*\n/gm, "")}
    } catch (thrown) {
      error = lab.describe(thrown);
    }
    return { lines, error };
  `);
}
const EXPORTS = ["bootFailed", "CvmFailedError", "createClient", "RequestError", "WatchAbortedError"];

const cvm = (id, settings) => simulator.call("PUT", `cvms/${id}`, settings);
const script = (id, steps) => simulator.call("PUT", `cvms/${id}/script`, { streams: [], reads: [], ...steps });

test("the first example: a boot that is done, one that fails, one that takes too long", async () => {
  const [{ code }] = blocksOf("README.md");
  await cvm("my-app", { startsWhenWatched: true });
  const { lines, error } = await run(code);
  assert.equal(error, null);
  assert.deepEqual([lines.at(0), lines.at(-2), lines.at(-1)], ["stopped", "running done", "my-app is running"]);

  await cvm("my-app", { startsWhenWatched: true, failAt: "setting up docker" });
  assert.match((await run(code)).lines.at(-1), /^the boot has failed: ./);

  await cvm("my-app", { status: "waiting" });
  assert.deepEqual((await run(code)).lines, ["waiting", "it does not run after ten minutes"]);
});

test("a total deadline", async () => {
  await cvm("my-app", { status: "waiting" });
  const { error } = await run(...readme("A total deadline"));
  const told = [error.name, error.cause.name, error.lastState.status];
  assert.deepEqual(told, ["WatchAbortedError", "TimeoutError", "waiting"]);
});

test("fail on a failed boot", async () => {
  await cvm("broken-app", { startsWhenWatched: true, failAt: "setting up docker" });
  const { error } = await run(...readme("Fail on a failed boot"));
  assert.equal(error.name, "CvmFailedError");
});

test("ready, and not only running", async () => {
  const steps = [state("running", { in_progress: true }), state("running", { in_progress: false }), complete()];
  await script("my-app", { streams: [steps] });
  const [code] = readme("Ready, and not only running");
  const { lines } = await run(code.replace(/^await (.*);$/s, "console.log((await $1).in_progress);"));
  assert.deepEqual(lines, ["false"]);
});

test("wait after a restart", async () => {
  await cvm("my-database", { status: "running", bootStepMs: 20 });
  const [code] = readme("Wait after a restart");
  const { lines, error } = await run(`${code}
    console.log(state.status, (await client.getCvmState({ id: "my-database" })).status);`);
  assert.equal(error, null);
  assert.deepEqual(lines, ["running running"]);
});

test("a CVM that is just being created", async () => {
  await script("new-app", { streams: [answer(404), [state("running"), complete()]], reads: [answer(404)] });
  const { lines, error } = await run(`${readme("A CVM that is just being created")} console.log(state.status);`);
  assert.deepEqual([lines, error], [["running"], null]);
});

test("until a CVM is deleted", async () => {
  const reads = [answer(404), answer(404)];
  await simulator.call("DELETE", "requests?cvm=my-app");
  await script("my-app", { streams: [[state("removing"), "end"], answer(404)], reads });
  const { error } = await run(...readme("Until a CVM is deleted"));
  assert.equal(error, null);
  assert.equal((await simulator.requests("my-app", "stream")).length, 2);

  await script("my-app", { streams: [answer(403)], reads: [answer(403)] });
  assert.equal((await run(...readme("Until a CVM is deleted"))).error.status, 403);
});

test("fifty CVMs at once, one of which fails", async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `fleet-${String(index + 1).padStart(3, "0")}`);
  await simulator.call("PUT", "fleet", { size: 50, each: { status: "running" } });
  await cvm("fleet-007", { startsWhenWatched: true, failAt: "booting" });
  const { lines, error } = await run(...readme("Fifty CVMs at once"), { ids });
  assert.equal(error, null);
  const others = lines.filter((line) => line.endsWith(" runs")).map((line) => line.split(" ")[0]);
  assert.deepEqual(
    others.sort(),
    ids.filter((id) => id !== "fleet-007"),
  );
  assert.match(
    lines.find((line) => line.startsWith("fleet-007")),
    /the CVM has failed/,
  );
});

test("every state", async () => {
  const [code] = readme("`client.getCvmState(request, options?)` and `client.cvmStates(request)`");
  await script("my-app", { reads: [tells("running"), tells("stopped")] });
  assert.deepEqual(await run(code), { lines: ["running", "stopped"], error: null });
});
