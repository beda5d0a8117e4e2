// A consumer's app in a folder of its own, where it is installed and built as its users do it.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { npmPackages } from "../../scripts/setup.js";
import { manifest, root, run } from "../package/installed.js";

const here = import.meta.dirname;
const apps = join(root, "target/packaging");

/** No colours in what is printed, nothing is sent home, and a server takes a port that is free. */
export const env = { ...process.env, NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", PORT: "0" };
// npm is a shell script on Windows.
const npm = (cwd, env, ...args) => run(cwd, "npm", args, { env, shell: process.platform === "win32" });

/** Packs the package, which has been built already, and gives the tarball's path. */
export function pack() {
  mkdirSync(apps, { recursive: true });
  npm(root, env, "pack", "--ignore-scripts", "--pack-destination", apps);
  return join(apps, `cvm-watch-${manifest.version}.tgz`);
}

export class App {
  /** Its files are those of some folders here; the later ones win. */
  constructor(name, parts) {
    this.sources = parts.map((part) => join(here, part));
    this.folder = join(apps, name);
  }

  /** Installs the tools that the lock file names, and the package from its tarball. */
  async install(tarball) {
    this.layOut();
    if (existsSync(join(this.folder, "package-lock.json"))) await npmPackages(this.folder);
    rmSync(join(this.folder, "node_modules", "cvm-watch"), { recursive: true, force: true });
    // Offline, since the package brings no other with it.
    npm(this.folder, env, "install", "--offline", "--no-save", "--no-audit", "--no-fund", tarball);
  }

  /** Copies the app's files, which import this entry of the package; nothing is left of an earlier build. */
  layOut(entry = "cvm-watch") {
    this.entry = entry;
    mkdirSync(join(this.folder, "node_modules"), { recursive: true });
    const old = readdirSync(this.folder).filter((name) => name !== "node_modules");
    // Vite keeps what it has bundled for its dev server.
    for (const path of [...old, "node_modules/.vite"]) {
      // A server that has just been stopped may still write here.
      rmSync(join(this.folder, path), { recursive: true, force: true, maxRetries: 10 });
    }
    for (const source of this.sources) cpSync(source, this.folder, { recursive: true });
    cpSync(join(here, "src"), join(this.folder, "src"), { recursive: true });
    for (const file of readdirSync(join(this.folder, "src"))) {
      this.replace(join("src", file), '"cvm-watch"', JSON.stringify(entry));
    }
  }

  /** Replaces some text of a file. */
  replace(file, from, to) {
    const path = join(this.folder, file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(from, to));
  }

  /** Runs one of the app's scripts, with more in its environment, and gives the seconds that it took. */
  run(script, more) {
    const began = performance.now();
    npm(this.folder, { ...env, ...more }, "run", script);
    return (performance.now() - began) / 1000;
  }
}
