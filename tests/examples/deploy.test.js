// The Node script that deploys, as a program: what it prints, and its exit codes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { root } from "../../scripts/shell.js";
import { answer, startSimulator } from "../e2e/simulator.js";

let simulator;
before(async () => {
  simulator = await startSimulator();
});
after(() => simulator?.stop());

/** Runs the script; gives its exit code, and all that it has printed. */
function deploy(args, env = {}) {
  const options = { cwd: root, env: { ...process.env, PHALA_CLOUD_API_URL: `${simulator.origin}/api/v1`, ...env } };
  const child = spawn(process.execPath, ["www/examples/deploy/deploy.js", ...args], options);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      printed += data;
    });
  }
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, printed })));
}

/** A command that posts to the simulator, instead of one that deploys. */
const post = (path) => [process.execPath, "-e", `fetch("${simulator.origin}/simulator/${path}", { method: "POST" })`];

test("it waits until the CVM is ready, and not only running", async () => {
  await simulator.call("PUT", "cvms/deploy-lags", { status: "stopped", bootStepMs: 1000, lags: true });
  await simulator.call("POST", "cvms/deploy-lags/start");
  const { code, printed } = await deploy(["deploy-lags"]);
  assert.equal(code, 0, printed);
  assert.match(printed, /^starting: setting up docker$/m);
  assert.match(printed, /^deploy-lags is ready/m);
});

test("with a command that restarts the CVM, it waits for the new boot", async () => {
  // Longer than the interval at which the watch reads, once the stream has said that the CVM runs.
  await simulator.call("PUT", "cvms/deploy-again", { status: "running", bootStepMs: 1000 });
  const { code, printed } = await deploy(["deploy-again", ...post("cvms/deploy-again/restart")]);
  assert.equal(code, 0, printed);
  assert.match(printed, /^running[\s\S]*^(restarting|starting)[\s\S]*^deploy-again is ready/m);
});

test("a boot that fails ends it with 1", async () => {
  await simulator.call("PUT", "cvms/deploy-fails", {
    status: "stopped",
    bootStepMs: 50,
    failAt: "requesting app keys",
  });
  await simulator.call("POST", "cvms/deploy-fails/start");
  const { code, printed } = await deploy(["deploy-fails"]);
  assert.equal(code, 1, printed);
  assert.match(printed, /CvmFailedError: .*the boot failed while requesting app keys/);
});

test("bad arguments end it with 2", async () => {
  const { code, printed } = await deploy([]);
  assert.equal(code, 2, printed);
  assert.match(printed, /ValidationError/);
});

test("when the CVM is not ready in time, it ends with 3", async () => {
  await simulator.call("PUT", "cvms/deploy-never", { status: "stopped" });
  const { code, printed } = await deploy(["deploy-never"], { DEPLOY_SECONDS: "1" });
  assert.equal(code, 3, printed);
});

test("a refusal ends it with 4", async () => {
  const refusal = answer(403, "not yours");
  const { code, printed } = await deploy([await simulator.script({ streams: [refusal], reads: [refusal] })]);
  assert.equal(code, 4, printed);
  assert.match(printed, /RequestError: .*not yours/);
});

test("a command that fails ends it with 5, and so does one that is not there", async () => {
  await simulator.call("PUT", "cvms/deploy-cannot", { status: "running" });
  for (const command of [[process.execPath, "-e", "process.exit(7)"], ["/no/such/command"]]) {
    const { code, printed } = await deploy(["deploy-cannot", ...command]);
    assert.equal(code, 5, printed);
  }
  await simulator.closed("deploy-cannot");
});
