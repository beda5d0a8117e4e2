// Programs that end together with this one.

import { spawn } from "node:child_process";

const running = new Set();
process.once("exit", () => {
  for (const child of running) child.kill();
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Starts a program; it is ended with this one, if it has not ended by then. */
export function startChild(program, args, options) {
  const child = spawn(program, args, options);
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}
