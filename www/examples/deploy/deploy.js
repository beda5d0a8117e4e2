// Deploys, and waits until the CVM is ready:
//
//     node deploy.js my-app                                  only waits
//     node deploy.js my-app npx phala deploy --name my-app   runs the command, which restarts the CVM, and waits
//
// The exit code is 0 when the CVM is ready, 1 when its boot has failed, 2 for bad arguments, 3 when it is not ready after ten
// minutes, 4 when the API refuses, and 5 when the command has failed.

import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { bootFailed, CvmFailedError, createClient, ValidationError, WatchAbortedError } from "cvm-watch";

const { PHALA_CLOUD_API_KEY: apiKey, PHALA_CLOUD_API_URL: baseURL, DEPLOY_SECONDS: seconds = 600 } = process.env;
const [id, ...command] = process.argv.slice(2);
const client = createClient({ baseURL, apiKey });
const stop = new AbortController();

const looks = new EventEmitter();

const ready = client.watchCvmState({
  id,
  target: "running",
  until: (state) => !state.in_progress,
  failOn: bootFailed,
  leaveFirst: command.length > 0,
  signal: AbortSignal.any([stop.signal, AbortSignal.timeout(Number(seconds) * 1000)]),
  onEvent: ({ status, boot_progress }) => {
    console.log([status, boot_progress].filter(Boolean).join(": "));
    looks.emit("look");
  },
});

async function deploy() {
  if (command.length === 0) return;
  // The watch must see the CVM leave the state that it is in.
  await once(looks, "look");
  const [code] = await once(spawn(command[0], command.slice(1), { stdio: "inherit" }), "exit");
  if (code !== 0) stop.abort(new Error(`the command has failed (exit code ${code})`));
}

/** @param {unknown} error */
function exitCode(error) {
  if (error instanceof CvmFailedError) return 1;
  if (error instanceof ValidationError) return 2;
  if (error instanceof WatchAbortedError) return stop.signal.aborted ? 5 : 3;
  return 4;
}

try {
  const [state] = await Promise.all([ready, deploy().catch((error) => stop.abort(error))]);
  console.log(`${id} is ready, up ${state.uptime}`);
} catch (error) {
  console.error(String(stop.signal.reason ?? error));
  process.exitCode = exitCode(error);
}
