// `--help` prints what a command takes, and neither sets up nor builds anything.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { built, root } from "../../scripts/shell.js";

/** Without a PATH: set-up would stop at once, since it would not find Rust. */
function helpOf(...command) {
  const options = { cwd: root, encoding: "utf8", env: { PATH: "" } };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, "--help"], options);
  assert.deepEqual([status, stderr], [0, ""], command.join(" "));
  assert.match(stdout, /^Usage: npm /m);
  assert.doesNotMatch(stdout, /▸/);
  return stdout;
}

for (const script of ["start", "examples"]) {
  test(`${script} --help lists the simulator's options`, () => {
    const { stdout } = spawnSync(built("cvm-simulator"), ["--help"], { encoding: "utf8" });
    const [, options] = stdout.split("\nOptions:\n");
    assert.match(options, /--streams-per-user/);
    assert.ok(helpOf(`scripts/${script}.js`).includes(options.trimEnd()));
  });
}

test("test --help lists the parts", () => assert.match(helpOf("scripts/test.js"), /^ {2}e2e {8}the built package/m));

const others = {
  "scripts/setup.js": "--every-engine",
  "scripts/random.js simulation": "--runs",
  "scripts/random.js fuzz": "--seconds",
  "tests/faults/run.js": "--write-docs",
  "benches/run.js": "latency",
};
for (const [command, option] of Object.entries(others)) {
  test(`${command} --help`, () => assert.ok(helpOf(...command.split(" ")).includes(option)));
}
