// workerd as a process of its own.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = join(import.meta.dirname, "node_modules", ".bin", "workerd");

/** Serves what a configuration names, on the port that it gets. */
export async function startWorkerd(config) {
  const server = spawn(program, ["serve", config, "--control-fd=3"], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const port = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`workerd has ended with exit code ${code}`)));
    createInterface({ input: server.stdio[3] }).on("line", (line) => {
      const { event, port } = JSON.parse(line);
      if (event === "listen") resolve(port);
    });
  });
  return { origin: `http://localhost:${port}`, stop: () => server.kill() };
}
