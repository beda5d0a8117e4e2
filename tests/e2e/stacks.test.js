// The stack of an error names the line that has made the call, where the platform's stacks follow `await`: in V8.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as api from "../../pkg/index.js";
import { startBrowser } from "./browser.js";
import { answer, startSimulator } from "./simulator.js";

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
  await browser.open(simulator);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

const refused = { streams: Array(5).fill(answer(403)), reads: Array(2).fill(answer(403)) };

/** Each kind of call, from a function that the stack must name. It goes to the page as text. */
async function stacks(api, baseURL, id) {
  const client = api.createClient({ baseURL, transport: "fetch" });
  const target = "running";
  const again = { maxRetries: 0, shouldRetry: () => true };
  const calls = {
    async refusedWatch() {
      await client.watchCvmState({ id, target });
    },
    async exhaustedWatch() {
      await client.watchCvmState({ id, target, ...again });
    },
    async invalidWatch() {
      await client.watchCvmState({ id, target, interval: 1 });
    },
    async watchOfAll() {
      await Promise.all([client.watchCvmState({ id, target })]);
    },
    async watchInSdkForm() {
      await api.watchCvmState(client, { id, target });
    },
    async refusedRead() {
      await client.getCvmState({ id });
    },
    async refusedLoop() {
      for await (const state of client.cvmStates({ id })) throw new Error(state.status);
    },
    async abortedWatch() {
      await client.watchCvmState({ id, target, signal: AbortSignal.abort() });
    },
  };
  const told = {};
  for (const [name, call] of Object.entries(calls)) told[name] = await call().catch((error) => `${error.stack}`);
  return told;
}

/** The error's name and message come first, then lines, one of which names the function. */
function check(told) {
  for (const [name, stack] of Object.entries(told)) {
    assert.match(stack, /^(Request|MaxRetriesExceeded|Validation|WatchAborted)Error: \S/, name);
    assert.match(stack, new RegExp(`\n *at (async )?(Object\\.)?${name}\\b`), `${name}: ${stack}`);
    assert.doesNotMatch(stack, /wasm/, name);
  }
}

test("in Node", async () => {
  const id = await simulator.script(refused);
  check(await stacks(api, `${simulator.origin}/api/v1`, id));
});

test("in Chromium", async () => {
  const id = await simulator.script(refused);
  check(await browser.run(`return (${stacks})(api, "/api/v1", ${JSON.stringify(id)})`));
});
