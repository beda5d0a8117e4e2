// The shared suite, in every runtime: Chromium's page and workers, Node, Deno, Bun and workerd.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { startBrowser } from "../e2e/browser.js";
import { startSimulator } from "../e2e/simulator.js";
import { behaviours } from "./suite.js";
import { startWorkerd } from "./workerd-server.js";

const here = import.meta.dirname;
const tool = (name) => join(here, "node_modules", ".bin", name);

let simulator;
before(async () => {
  simulator = await startSimulator("--www", here);
});
after(() => simulator?.stop());

/** Reports each behaviour as a test of its own. */
function runtime(name, run) {
  test(name, { timeout: 120_000 }, async (t) => {
    const results = await run();
    const names = new Set(results.map(({ name }) => name.replace(/ \(\w+\)$/, "")));
    assert.deepEqual([...names], Object.keys(behaviours), "the whole suite has run");
    for (const { name, error, skip } of results) {
      await t.test(name, { skip }, () => {
        if (error) throw new Error(error);
      });
    }
  });
}

for (const [name, command, ...args] of [
  ["Node", process.execPath],
  ["Deno", tool("deno"), "run", "--allow-net", "--no-lock"],
  ["Bun", tool("bun"), "run"],
]) {
  runtime(name, async () => {
    const program = join(here, "program.js");
    const { stdout } = await promisify(execFile)(command, [...args, program, simulator.origin]);
    return JSON.parse(stdout);
  });
}

runtime("workerd", async () => {
  const workerd = await startWorkerd(join(here, "workerd.capnp"));
  try {
    const ask = async () => (await fetch(`${workerd.origin}/?origin=${simulator.origin}`)).json();
    // Twice: the first request must leave nothing that disturbs the second.
    return [...(await ask()), ...(await ask())];
  } finally {
    workerd.stop();
  }
});

describe("Chromium", () => {
  let browser;
  before(async () => {
    browser = await startBrowser();
    await browser.open(simulator);
  });
  after(() => browser?.stop());

  const inChromium = (name, code) => runtime(name, () => browser.run(code, simulator.origin));

  inChromium("a page", async (origin) => {
    const { runSuite } = await import(`${origin}/suite.js`);
    return runSuite({ api, origin });
  });
  inChromium("a dedicated worker", async (origin) => {
    const worker = new Worker(`${origin}/worker.js`, { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(origin);
    });
  });
  inChromium("a shared worker", async (origin) => {
    const worker = new SharedWorker(`${origin}/worker.js`, { type: "module" });
    return new Promise((resolve, reject) => {
      worker.port.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => reject(new Error("the shared worker has failed"));
      worker.port.postMessage(origin);
    });
  });
  inChromium("a service worker", async (origin) => {
    const registration = await navigator.serviceWorker.register(`${origin}/worker.js`, { type: "module" });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      worker.postMessage(origin, [port2]);
    });
  });
});
