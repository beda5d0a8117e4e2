// The package as a user has it: packed, and installed in an empty folder.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Packs what is built, and installs it. Nothing is fetched: the package depends on nothing. */
export function install(name) {
  const app = join(root, "target/installed", name);
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  const tarball = join(app, `cvm-watch-${manifest.version}.tgz`);
  npm(root, "pack", "--ignore-scripts", "--pack-destination", app);
  npm(app, "install", "--offline", "--no-audit", "--no-fund", tarball);
  return { app, tarball, installed: join(app, "node_modules/cvm-watch") };
}

/** Runs a program of this project's npm packages. */
export const tool = (cwd, path, ...args) => run(cwd, process.execPath, [join(root, "node_modules", path), ...args]);

/** Runs a command that must succeed, and gives what it prints. */
export function run(cwd, command, args, options) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8", ...options });
  assert.equal(status, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}${error ?? ""}`);
  return stdout.trim();
}

// npm is a shell script on Windows.
const npm = (cwd, ...args) => run(cwd, "npm", args, { shell: process.platform === "win32" });
