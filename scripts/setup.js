// Sets up a machine that has only Rust (by rustup) and Node: does what is missing, and nothing else.
// Run by `npm start` and `npm test`. It uses no package, since it is what installs them.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { built, fail, help, isMain, npm, output, root, run, step, tool, tools, which } from "./shell.js";

const TARGET = "wasm32-unknown-unknown";
const WASM_PACK = "0.15.1";
const GECKODRIVER = "0.37.0";
const manifest = readFileSync(join(root, "Cargo.toml"), "utf8");

/** What compiling needs. */
export async function setUpRust() {
  node();
  rust();
  linker();
  await target();
}

/** What building the package needs, and the simulator. */
export async function setUpBuild() {
  await setUpRust();
  await npmPackages(root);
  await programs();
}

/** What running wasm-pack needs: itself, and wasm-bindgen's tools, which it looks for in the version of the library. */
export async function setUpWasmPack() {
  const version = manifest.match(/^wasm-bindgen = .*"=([\d.]+)"/m)[1];
  const installed = ["--path", "scripts/bindgen", "--features", "wasm-pack"];
  await cargoTool("wasm-bindgen", version, [...installed, "--bin=wasm-bindgen", "--bin=wasm-bindgen-test-runner"]);
  await cargoTool("wasm-pack", WASM_PACK);
}

/** Installs the npm packages of a folder, as its lock file has them. */
export async function npmPackages(folder) {
  const lock = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  const stamp = join(folder, "node_modules", ".set-up");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  await step("installing npm packages (half a minute)", () =>
    npm(["ci", "--no-audit", "--no-fund"], { cwd: folder, quiet: true }),
  );
  writeFileSync(stamp, lock);
}

/** Finds ChromeDriver, which finds Chrome or Chromium by itself. On Debian as root it installs both. */
export async function setUpBrowser() {
  const found = process.env.CHROMEDRIVER ?? which("chromedriver");
  if (found) return found;
  if (!isDebian() || process.getuid() !== 0) fail(`ChromeDriver is missing: ${howToInstallBrowser()}`);
  await installFromDebian("Chromium and its driver", ["chromium", "chromium-driver"]);
  return which("chromedriver") ?? fail("Debian's chromium-driver is installed, but chromedriver is not on the PATH");
}

/** The drivers of the engines that are fully installed. */
export const findEngines = () => ({
  chromium: process.env.CHROMEDRIVER ?? which("chromedriver"),
  firefox: which("firefox", "firefox-esr") && which("geckodriver"),
  webkit: which("Xvfb") && which("WebKitWebDriver"),
});

/** Installs every engine: Chromium as above, Firefox and WebKitGTK on Debian as root. */
export async function setUpEngines() {
  await setUpBrowser();
  const packages = [
    !which("firefox", "firefox-esr") && "firefox-esr",
    !which("WebKitWebDriver") && "webkit2gtk-driver",
    !which("Xvfb") && "xvfb",
  ].filter(Boolean);
  if (packages.length > 0) {
    if (!isDebian() || process.getuid() !== 0) fail(`these Debian packages are missing: ${packages.join(", ")}`);
    await installFromDebian("Firefox and WebKitGTK", packages);
  }
  await cargoTool("geckodriver", GECKODRIVER);
}

const installFromDebian = (what, packages) =>
  step(`installing ${what} from Debian (a minute)`, () => {
    const options = { quiet: true, env: { DEBIAN_FRONTEND: "noninteractive" } };
    run("apt-get", ["update"], options);
    run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], options);
  });

function node() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  fail(`Node ${process.versions.node} is not supported: install Node 20.19, 22.12 or newer from https://nodejs.org`);
}

function rust() {
  const version = output("rustc", "--version")?.split(" ")[1];
  if (!version || !which("cargo")) fail("Rust is missing: install it from https://rustup.rs");
  const wanted = manifest.match(/^rust-version = "([\d.]+)"$/m)[1];
  const [minor, wantedMinor] = [version, wanted].map((version) => Number(version.split(".")[1]));
  if (minor < wantedMinor) fail(`Rust ${version} is too old: get ${wanted} or newer with \`rustup update stable\``);
}

/** Rust links with the system's C compiler. */
function linker() {
  if (process.platform === "win32" || which("cc", "gcc", "clang")) return;
  const command = process.platform === "darwin" ? "xcode-select --install" : "sudo apt-get install build-essential";
  fail(`a C compiler is missing, which Rust links with: run \`${command}\``);
}

async function target() {
  const library = output("rustc", "--print", "target-libdir", "--target", TARGET);
  if (library && existsSync(library)) return;
  if (!which("rustup")) fail(`Rust's target ${TARGET} is missing: install Rust from https://rustup.rs`);
  await step(`adding Rust's target ${TARGET} (seconds, a minute at the most)`, () =>
    run("rustup", ["target", "add", TARGET], { quiet: true }),
  );
}

/**
 * Brings the workspace's own programs up to date: the one that writes wasm-bindgen's glue, and the simulator. Always
 * together: that keeps both cores busy, and for one alone cargo would choose other features and compile crates again.
 */
async function programs() {
  const names = ["cvm-bindgen", "cvm-simulator"];
  const compile = () => run("cargo", ["build", "--quiet", "--locked", ...names.map((name) => `--package=${name}`)]);
  if (names.every((name) => existsSync(built(name)))) compile();
  else await step("compiling wasm-bindgen and the simulator (a minute and a half)", compile);
}

/** Installs a program from its own crate, or from what `source` says. Not optimised: the tests wait for none of them. */
async function cargoTool(program, version, source) {
  if (output(tool(program), "--version")?.split(/\s/)[1] === version) return;
  mkdirSync(tools, { recursive: true });
  const args = source ?? [program, "--version", version, "--target-dir", join(tools, "build")];
  await step(`compiling ${program} ${version} into target/tools (a minute or two)`, () =>
    run("cargo", ["install", "--quiet", "--force", "--locked", "--debug", "--root", tools, ...args]),
  );
}

function isDebian() {
  return existsSync("/etc/os-release") && /^ID="?debian"?$/m.test(readFileSync("/etc/os-release", "utf8"));
}

function howToInstallBrowser() {
  if (isDebian()) return "run `sudo apt-get install chromium chromium-driver`";
  return "install Chrome or Chromium, and the ChromeDriver of the same version on the PATH (or named in CHROMEDRIVER)";
}

if (isMain(import.meta.url)) {
  help(`Installs what building and testing take, if it is missing.

Usage: npm run setup -- [--every-engine]

Options:
  --every-engine  also Firefox and WebKitGTK with their drivers, for npm run test:faults`);
  await setUpBuild();
  await setUpWasmPack();
  await (process.argv.includes("--every-engine") ? setUpEngines() : setUpBrowser());
  console.log("everything is in place");
}
