// Builds the package into pkg/: Rust → WebAssembly → wasm-bindgen → wasm-opt → one JavaScript file an entry.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleEntries } from "./bundle.js";
import { bundleViews } from "./bundle-views.js";
import { thirdPartyLicenses } from "./licenses.js";
import { setUpBuild } from "./setup.js";
import { built, isMain, output, root, run, runNpmTool, step } from "./shell.js";

/**
 * The features of WebAssembly that the module may use: rustc's defaults without reference types. wasm-bindgen reads the
 * linker's list of them, and then keeps JavaScript's values in an array of its own: smaller than in a table (docs/size.md).
 */
const FEATURES = ["bulk-memory", "mutable-globals", "nontrapping-fptoint", "sign-ext"];

const TARGET = "wasm32-unknown-unknown";

const compiled = join(root, "target", TARGET, "release/cvm_watch.wasm");
const bound = join(root, "target/bindgen");
const module = join(bound, "cvm_watch.wasm");
const pkg = join(root, "pkg");

export async function build() {
  await step("building the package", async () => {
    compile();
    bindAndOptimise();
    await bundle();
  });
}

/** Without the paths of this machine, so that every machine builds the same bytes. */
function compile() {
  const sources = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src");
  const registries = existsSync(sources) ? readdirSync(sources).map((registry) => join(sources, registry)) : [];
  const flags = [...registries, root].map((path) => `--remap-path-prefix=${path}=.`);
  // Rust names the standard library's files like this, unless its sources are there, which rust-analyzer installs.
  const commit = output("rustc", "--version", "--verbose").match(/^commit-hash: (.*)$/m)[1];
  const sysroot = output("rustc", "--print", "sysroot");
  flags.push(`--remap-path-prefix=${join(sysroot, "lib/rustlib/src/rust")}=/rustc/${commit}`);
  // Less inlining than opt-level 2 has by itself (225): smaller than opt-levels s and z (docs/size.md).
  flags.push("-Cllvm-args=-inline-threshold=15");
  flags.push("-Clink-arg=--no-check-features", `-Clink-arg=--features=${FEATURES}`);
  const env = { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
  run("cargo", ["build", "--quiet", "--locked", "--lib", "--release", "--target", TARGET], { env });
}

/** Skipped if the module has not changed. */
function bindAndOptimise() {
  const inputs = [compiled, join(root, "Cargo.lock"), fileURLToPath(import.meta.url)].map((path) => readFileSync(path));
  const hash = createHash("sha256").update(Buffer.concat(inputs)).digest("hex");
  const stamp = join(bound, "input.sha256");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  rmSync(bound, { recursive: true, force: true });
  bind(compiled, bound);
  // What each of them brings is in docs/size.md.
  const shrink = ["--flatten", "--rereloop", "-Oz", "-Oz", "--one-caller-inline-max-function-size=20"];
  const passes = [...shrink, "--strip-debug", "--strip-producers"];
  const names = "--minify-imports-and-exports-and-modules";
  const minified = runNpmTool("binaryen/bin/wasm-opt", [join(bound, "glue_bg.wasm"), ...passes, names, "-o", module], {
    quiet: true,
  });
  // Which names have become which: the bundler gives the glue the same.
  writeFileSync(join(bound, "names.json"), minified);
  writeFileSync(stamp, hash);
}

/** Writes wasm-bindgen's glue for a module. */
const bind = (from, to) => run(built("cvm-bindgen"), [from, to]);

async function bundle() {
  rmSync(pkg, { recursive: true, force: true });
  mkdirSync(pkg);
  await bundleEntries(bound, pkg);
  await bundleViews(pkg);
  cpSync(module, join(pkg, "cvm_watch.wasm"));
  cpSync(join(root, "src/js/index.d.ts"), join(pkg, "index.d.ts"));
  writeFileSync(join(pkg, "THIRD-PARTY-LICENSES.txt"), thirdPartyLicenses());
}

/** The folder of the package whose module panics on request. */
export const panicking = join(root, "target/panicking");

/** Builds that package: for the tests of crashes, so it is not optimised. */
export async function buildPanicking() {
  await step("building a package that panics on request", async () => {
    run("cargo", ["build", "--quiet", "--locked", "--lib", "--features", "panic", "--target", TARGET]);
    bind(join(root, "target", TARGET, "debug/cvm_watch.wasm"), panicking);
    cpSync(join(panicking, "glue_bg.wasm"), join(panicking, "cvm_watch.wasm"));
    await bundleEntries(panicking, panicking);
  });
}

if (isMain(import.meta.url)) {
  await setUpBuild();
  await build();
}
