// What serves an app: a plain file server, or a tool's own.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startSimulator } from "../e2e/simulator.js";
import { env } from "./app.js";

/** How long anything may take that an app does, in ms. */
export const LIMIT = 120_000;

/** Serves a folder's files, to pages of every origin. The simulator is a file server too. */
export const startFileServer = (folder) => startSimulator("--www", folder);

/** Starts a tool that the app has installed, with more in its environment, and waits until it prints its address. */
export async function startTool(app, more, tool, ...args) {
  const program = join(app.folder, "node_modules", ".bin", tool);
  const server = spawn(program, args, { cwd: app.folder, env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  const stop = () => server.kill();
  const late = setTimeout(stop, LIMIT);
  const printed = [];
  const origin = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`${tool} has told no address:\n${printed.join("\n")}`)));
    for (const input of [server.stdout, server.stderr]) {
      createInterface({ input }).on("line", (line) => {
        printed.push(line);
        const address = line.match(/http:\/\/localhost:\d+/);
        if (address) resolve(address[0]);
      });
    }
  });
  clearTimeout(late);
  return { origin, stop };
}
