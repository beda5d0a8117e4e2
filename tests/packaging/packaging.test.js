// The packed package in a small app of each bundler and runtime, all with their defaults: installed, built, and run
// against the simulator. Names of consumers choose some. In the end there is a table of what it took.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { startSimulator } from "../e2e/simulator.js";
import { App, pack } from "./app.js";
import { consumers } from "./consumers.js";
import { startCountingBrowser, weigh } from "./page.js";

const given = process.argv.slice(2);
const unknown = given.find((name) => !(name in consumers));
if (unknown) throw new Error(`there is no consumer "${unknown}": choose of ${Object.keys(consumers).join(", ")}`);
const chosen = Object.entries(consumers).filter(([name]) => given.length === 0 || given.includes(name));

let tarball;
let simulator;
let browser;
const rows = [["consumer", "version", "entry", "build", "bytes", "brotli"], Array(6).fill("---")];
before(async () => {
  tarball = pack();
  simulator = await startSimulator();
  browser = await startCountingBrowser();
});
after(async () => {
  await browser?.stop();
  simulator?.stop();
  console.log(rows.map((row) => `| ${row.map((value) => value ?? "").join(" | ")} |`).join("\n"));
});

for (const [name, { title, version, parts = [name], entries, uses }] of chosen) {
  test(title, { timeout: 1_200_000 }, async (t) => {
    const app = new App(name, parts);
    await app.install(tarball);
    for (const [entry, { specifier = entry, build }] of Object.entries(entries)) {
      app.layOut(specifier);
      const seconds = build && app.run(build, { API_URL: baseURL() }).toFixed(1);
      const loaded = [];
      for (const [use, run] of Object.entries(uses)) {
        await t.test(`${entry}, ${use}`, async () => loaded.push(await check(app, run)));
      }
      // Of the first page alone: a framework's development build takes seconds to compress.
      const { raw, brotli } = loaded[0] ? weigh(loaded[0]) : {};
      rows.push([title, await version(app, browser), entry, seconds, raw, brotli]);
    }
  });
}

const reached = "running, heard state,complete";
/** What `src/check.js` tells. */
const usual = { reached, givenUp: "the watch was cancelled", again: reached };

const baseURL = () => `${simulator.origin}/api/v1`;

/** Runs an app, and checks what has come of it; gives the files that a page of it has loaded. */
async function check(app, run) {
  await simulator.call("PUT", "cvms/my-app", { status: "stopped", startsWhenWatched: true });
  const given = { browser, simulator, baseURL: baseURL(), query: new URLSearchParams({ baseURL: baseURL() }) };
  const result = await run(app, given);
  // An app that cannot watch has seen to it by itself that it is told why.
  if (result === undefined) return undefined;
  const { outcome, instances, files, expected = usual } = result;
  assert.deepEqual(outcome, expected);
  if (instances !== null) assert.equal(instances, 1, "all calls and all imports share one WebAssembly instance");
  await simulator.closed("my-database");
  return files;
}
