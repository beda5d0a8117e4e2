// Serves pages with the simulated API, and shows one of them in the user's browser.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { built, root, start, which } from "./shell.js";

/** The simulator's options, as its own `--help` prints them: read from the source, since it may not have been built. */
export function simulatorOptions() {
  const source = readFileSync(join(root, "tests/simulator/src/options.rs"), "utf8");
  return source.match(/^Options:\n[^"]*\n(?=";$)/m)[0].trimEnd();
}

/**
 * Starts the simulator, and ends with it.
 *
 * @param options - the simulator's own. If one is given twice, the last counts.
 * @param page - `{ title, path }` of the page to show
 */
export async function serve(options, page) {
  // A user may have as many event streams as with the real API.
  const args = ["--streams-per-user", "5", ...options];
  const server = start(built("cvm-simulator"), args, { stdio: ["ignore", "pipe", "inherit"] });
  createInterface({ input: server.stdout }).on("line", (line) => {
    console.log(line);
    const origin = line.match(/^listening on (https?:\S+)$/)?.[1];
    if (origin) open(page.title, origin + page.path);
  });
  server.on("exit", (code) => process.exit(code ?? 0));
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
}

/** Shows a page in the user's browser, where there is a user. */
function open(title, address) {
  console.log(`\n${title} at ${address} (Ctrl+C ends it)`);
  if (!process.stdout.isTTY || process.env.CI) return;
  const opener = { darwin: "open", win32: "explorer" }[process.platform] ?? "xdg-open";
  if (which(opener)) start(opener, [address], { stdio: "ignore", detached: true }).on("error", () => {});
}
