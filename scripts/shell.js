// What the scripts share: paths, running commands, printing progress.

import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const tools = join(root, "target", "tools");
const windows = process.platform === "win32";
const exe = windows ? ".exe" : "";

/** A tool that set-up has put under `target/tools`. */
export const tool = (name) => join(tools, "bin", name + exe);

/** A program of the workspace, as `cargo build` makes it. */
export const built = (name) => join(root, "target", "debug", name + exe);

const cache = join(tools, "cache");
const environment = {
  ...process.env,
  PATH: [join(tools, "bin"), process.env.PATH].join(delimiter),
  // Where the scripts look for what cargo builds, also if the user has set another folder.
  CARGO_TARGET_DIR: join(root, "target"),
  // Caches of tools lie in this project, not in the user's home.
  XDG_CACHE_HOME: cache,
  WASM_PACK_CACHE: join(cache, "wasm-pack"),
  SE_CACHE_PATH: join(cache, "selenium"),
};

/** Ends the script with one line that says what to do. */
export function fail(message) {
  console.error(`\ncvm-watch: ${message}`);
  process.exit(1);
}

/**
 * Runs a command in the project's root, its output on the terminal; the script ends if it fails. One that takes longer than
 * `limit` (ms) hangs: it is ended, and tried again up to `tries` times. With `quiet` it shows its output only if it fails,
 * and gives what it has printed.
 */
export function run(command, args, { env, quiet, limit, tries = 1, cwd = root, shell = false } = {}) {
  const stdio = quiet ? "pipe" : ["ignore", "inherit", "inherit"];
  const maxBuffer = Number.POSITIVE_INFINITY;
  const options = {
    cwd,
    stdio,
    shell,
    maxBuffer,
    env: { ...environment, ...env },
    timeout: limit,
    killSignal: "SIGKILL",
  };
  const result = spawnSync(command, args, options);
  if (result.status === 0) return result.stdout;
  if (quiet) process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  if (result.error?.code === "ETIMEDOUT" && tries > 1) {
    console.log(`  no result after ${seconds(limit)}: trying again`);
    return run(command, args, { env, quiet, limit, tries: tries - 1, cwd, shell });
  }
  fail(`\`${[command, ...args].join(" ")}\` failed (${result.error?.message ?? `exit code ${result.status}`})`);
}

/** Runs npm, which is a shell script on Windows. */
export const npm = (args, options) => run("npm", args, { ...options, shell: windows });

/** Runs a program of an npm package, such as `binaryen/bin/wasm-opt`. */
export const runNpmTool = (path, args, options) =>
  run(process.execPath, [join(root, "node_modules", path), ...args], options);

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

/** Whether a script is the program that was started, and not imported by another. */
export const isMain = (url) => realpathSync(process.argv[1]) === realpathSync(fileURLToPath(url));

/** Prints what a script takes and ends it, if the command line asks for that. To be called before anything is built. */
export function help(text) {
  if (!process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) return;
  console.log(text);
  process.exit();
}

/** Does something that takes a while, and says so in one line. */
export async function step(title, action) {
  console.log(`▸ ${title}`);
  return action();
}

/** A step that prints lines of its own; then how long it took. */
export async function timed(title, action) {
  const began = performance.now();
  const result = await step(title, action);
  console.log(`  done in ${seconds(performance.now() - began)}`);
  return result;
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
