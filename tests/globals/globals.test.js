// What is missing or replaced in the platform: each case of `cases.js` in a process of its own, against the simulator.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { startSimulator, tells } from "../e2e/simulator.js";
import { cases, usual } from "./cases.js";

const program = join(import.meta.dirname, "program.js");

let simulator;
before(async () => {
  simulator = await startSimulator();
});
after(() => simulator?.stop());

describe("globals", { concurrency: 2 }, () => {
  for (const [name, { flags = [], script, expect }] of Object.entries(cases)) {
    test(name, { timeout: 60_000 }, async () => {
      const id = await simulator.script({ streams: [usual], reads: [tells("running")], ...script });
      const args = [...flags, program, name, `${simulator.origin}/api/v1`, id];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const result = JSON.parse(stdout);
      const requests = (await simulator.requests(id)).length;
      check({ ...result, requests }, expect);
    });
  }
});

function check({ imported, watch, read, events, left, requests, uncaught, unhandled, reported }, expect) {
  assert.equal(imported, undefined, "importing does not throw");
  expect.watch?.(watch);
  expect.read?.(read);
  if (expect.events) assert.deepEqual(events, expect.events);
  if (expect.requests !== undefined) assert.equal(requests, expect.requests, "requests");
  assert.equal(left, undefined);
  assert.deepEqual(unhandled, [], "unhandled rejections");
  assert.deepEqual([...new Set(uncaught)], expect.uncaught ? ["what was thrown"] : [], "uncaught errors");
  assert.deepEqual([...new Set(reported)], expect.reported ? ["what was thrown"] : [], "reported errors");
}
