// What the scripts share: where things are, how a command is run, how progress is told.

import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");
export const tools = join(root, "target", "tools");
const exe = process.platform === "win32" ? ".exe" : "";

/** A tool that set-up has put under `target/tools`. */
export const tool = (name) => join(tools, "bin", name + exe);

/** A command line tool of an npm package. */
export const npmTool = (name) => join(root, "node_modules", ".bin", name);

const environment = { ...process.env, PATH: [join(tools, "bin"), process.env.PATH].join(delimiter) };

/** Ends the script with one line that says what to do. */
export function fail(message) {
  console.error(`\ncvm-watch: ${message}`);
  process.exit(1);
}

/** Runs a command in the project's root, its output on the terminal; the script ends if it fails. */
export function run(command, args, { env, quiet } = {}) {
  const stdio = quiet ? "pipe" : ["ignore", "inherit", "inherit"];
  const shell = process.platform === "win32" && !command.endsWith(".exe");
  const result = spawnSync(command, args, { cwd: root, stdio, shell, env: { ...environment, ...env } });
  if (result.status === 0) return;
  if (quiet) process.stderr.write(Buffer.concat([result.stdout ?? "", result.stderr ?? ""].map(Buffer.from)));
  fail(`\`${[command, ...args].join(" ")}\` failed (${result.error?.message ?? `exit code ${result.status}`})`);
}

/** Starts a command that goes on. */
export function start(command, args, options) {
  return spawn(command, args, { cwd: root, env: environment, ...options });
}

/** What a command prints, or undefined if it cannot be run or fails. */
export function output(command, ...args) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", env: environment });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Where a program lies on the PATH. */
export function which(...names) {
  const folders = environment.PATH.split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name + exe))).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Does something that takes a while, and says so. */
export async function step(title, action) {
  const began = performance.now();
  console.log(`▸ ${title}`);
  const result = await action();
  console.log(`  done in ${seconds(performance.now() - began)}`);
  return result;
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
