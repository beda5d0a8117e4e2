// Sets up a machine that has only Rust (by rustup) and Node: does what is missing, and nothing else.
// Run by `npm start` and `npm test`. It uses no package, since it is what installs them.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, output, root, run, step, tool, tools, which } from "./shell.js";

const TARGET = "wasm32-unknown-unknown";
const WASM_PACK = "0.15.1";

/** What building the package takes. */
export async function setUpBuild() {
  await rust();
  await npmPackages();
  await cargoTool("wasm-bindgen-cli", wasmBindgenVersion(), "wasm-bindgen");
}

/** What the tests take besides. */
export async function setUpTests() {
  await cargoTool("wasm-pack", WASM_PACK, "wasm-pack");
  return browser();
}

async function rust() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer from https://nodejs.org`);
  }
  if (!which("cargo")) fail("Rust is missing: install it from https://rustup.rs");
  const library = output("rustc", "--print", "target-libdir", "--target", TARGET);
  if (library && existsSync(library)) return;
  if (!which("rustup")) fail(`Rust's target ${TARGET} is missing: install Rust from https://rustup.rs`);
  await step(`adding Rust's target ${TARGET} (seconds, a minute at the most)`, () =>
    run("rustup", ["target", "add", TARGET]),
  );
}

async function npmPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".set-up");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  await step("installing npm packages (half a minute)", () => run("npm", ["ci", "--no-audit", "--no-fund"]));
  writeFileSync(stamp, lock);
}

/** The tool must be of the very version of the library, which Cargo.toml pins. */
function wasmBindgenVersion() {
  const [, version] = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^wasm-bindgen = "=([\d.]+)"$/m);
  return version;
}

async function cargoTool(crate, version, program) {
  if (output(tool(program), "--version")?.split(" ")[1] === version) return;
  mkdirSync(tools, { recursive: true });
  const args = [crate, "--version", version, "--locked", "--root", tools, "--target-dir", join(tools, "build")];
  await step(`compiling ${crate} ${version} into target/tools (some minutes)`, () =>
    run("cargo", ["install", "--quiet", "--force", ...args]),
  );
}

/** Finds Chromium and its driver. On Debian as root it installs them. */
async function browser() {
  const found = findBrowser();
  if (found) return found;
  const debian = existsSync("/etc/debian_version");
  if (!debian || process.getuid() !== 0) fail(`no browser for the tests: ${howToInstall(debian)}`);
  await step("installing Chromium and its driver from Debian (a minute)", () => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    run("apt-get", ["update"], { quiet: true, env });
    run("apt-get", ["install", "--yes", "--no-install-recommends", "chromium", "chromium-driver"], {
      quiet: true,
      env,
    });
  });
  return findBrowser() ?? fail("Debian's Chromium is installed, but not on the PATH");
}

function findBrowser() {
  const driver = process.env.CHROMEDRIVER ?? which("chromedriver");
  const apps = {
    darwin: [
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
    win32: [String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`],
  };
  const browser =
    process.env.CHROME ??
    which("chromium", "chromium-browser", "google-chrome", "google-chrome-stable") ??
    apps[platform()]?.find(existsSync);
  return driver && browser && { driver, browser };
}

function howToInstall(debian) {
  if (debian) return "run `sudo apt-get install chromium chromium-driver`";
  return "install Chrome or Chromium, and the ChromeDriver of the same version on the PATH (or name both in the environment variables CHROME and CHROMEDRIVER)";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setUpBuild();
  await setUpTests();
  console.log("everything is in place");
}
