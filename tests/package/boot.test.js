// The steps of a boot, and what is made of a state by them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BOOT_STEPS, bootFailed, bootProgress } from "../../pkg/index.js";

const at = (boot_progress) => bootProgress({ status: "starting", boot_progress });

test("the steps are in the order of a boot, and cannot be changed", () => {
  assert.deepEqual(BOOT_STEPS, [
    "booting",
    "requesting app keys",
    "initializing data disk",
    "mounting data disk",
    "data disk ready",
    "setting up dstack-gateway",
    "setting up docker",
    "pre-launch",
    "starting containers",
    "running main script",
    "done",
  ]);
  assert.ok(Object.isFrozen(BOOT_STEPS));
});

test("progress goes from 0 to 1, the same way for each step", () => {
  assert.deepEqual(
    BOOT_STEPS.map(at),
    BOOT_STEPS.map((_, index) => index / 10),
  );
});

test("there is no progress where the step is not known, or none is told", () => {
  for (const step of ["formatting data disk", "Booting", " done", "", null, undefined, 0, {}]) {
    assert.equal(at(step), undefined, String(step));
  }
  for (const state of [undefined, null, {}, { status: "running" }, "done"]) {
    assert.equal(bootProgress(state), undefined, String(state));
  }
});

test("a boot has failed if the state tells an error, whatever its step", () => {
  for (const boot_error of [null, "", undefined]) assert.equal(bootFailed({ status: "error", boot_error }), false);
  for (const state of [undefined, null, {}]) assert.equal(bootFailed(state), false);
  assert.equal(bootFailed({ status: "running", boot_progress: "done", boot_error: "no gateway" }), true);
});
