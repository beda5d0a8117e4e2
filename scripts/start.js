// `npm start`: sets up, builds, and serves the console page with the simulated API. Options go to the simulator:
// `npm start -- --port 9000 --upstream https://cloud-api.phala.com/api/v1`. A user may have as many event streams as with
// the real API; `--streams-per-user` says otherwise.

import { createInterface } from "node:readline";
import { build } from "./build.js";
import { setUpBuild } from "./setup.js";
import { run, start, step, which } from "./shell.js";

await setUpBuild();
await build();
const simulator = ["--quiet", "--locked", "--package", "cvm-simulator"];
await step("building the simulator (a minute the first time)", () => run("cargo", ["build", ...simulator]));

// The last option of a kind counts.
const options = ["--streams-per-user", "5", ...process.argv.slice(2)];
const server = start("cargo", ["run", ...simulator, "--", ...options], { stdio: ["ignore", "pipe", "inherit"] });
createInterface({ input: server.stdout }).on("line", (line) => {
  console.log(line);
  const address = line.match(/^listening on (https?:\S+)$/)?.[1];
  if (address) open(address);
});
server.on("exit", (code) => process.exit(code ?? 0));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));

/** Shows the page in the user's browser, where there is a user. */
function open(address) {
  console.log(`\nThe console page is at ${address} (Ctrl+C ends it)`);
  if (!process.stdout.isTTY || process.env.CI) return;
  const opener = { darwin: "open", win32: "explorer" }[process.platform] ?? "xdg-open";
  if (which(opener)) start(opener, [address], { stdio: "ignore", detached: true }).on("error", () => {});
}
