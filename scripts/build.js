// Builds the package into pkg/: Rust → WebAssembly → wasm-bindgen → wasm-opt → one JavaScript file.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { fitGlue } from "./glue.js";
import { thirdPartyLicenses } from "./licenses.js";
import { setUpBuild } from "./setup.js";
import { fail, isMain, output, root, run, step, tool } from "./shell.js";

/** What rustc uses by default. More would be beyond browsers that have all of these (since 2022). */
const FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

const compiled = join(root, "target/wasm32-unknown-unknown/release/cvm_watch.wasm");
const bound = join(root, "target/bindgen");
const trapping = join(bound, "trapping.wasm");
const module = join(bound, "cvm_watch.wasm");
const deflated = join(bound, "cvm_watch.deflated");
const names = join(bound, "names.json");
const pkg = join(root, "pkg");

/** The files that are imported, which differ in how they come by the WebAssembly module. */
const ENTRIES = [
  { outfile: "index.js", source: "source-inlined.js" },
  { outfile: "url.js", source: "source-url.js" },
  { outfile: "workerd.js", source: "source-module.js", external: true },
];

export async function build() {
  await step("building the package", async () => {
    compile();
    await bindAndOptimise();
    await bundle();
  });
}

/** Without the paths of this machine, so that every machine builds the same bytes. */
function compile() {
  const sources = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "src");
  const registries = existsSync(sources) ? readdirSync(sources).map((registry) => join(sources, registry)) : [];
  const flags = [...registries, root].map((path) => `--remap-path-prefix=${path}=.`);
  // Less than opt-level 2 inlines by itself (225): less to compress, all in all.
  flags.push("-Cllvm-args=-inline-threshold=90");
  const env = { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
  const lean = ["--lib", "--no-default-features", "--release", "--target", "wasm32-unknown-unknown"];
  run("cargo", ["build", "--quiet", "--locked", ...lean], { env });
}

async function bindAndOptimise() {
  const inputs = [compiled, fileURLToPath(import.meta.url)].map((path) => readFileSync(path));
  const hash = createHash("sha256").update(Buffer.concat(inputs)).digest("hex");
  const stamp = join(bound, "input.sha256");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  rmSync(bound, { recursive: true, force: true });
  mkdirSync(bound, { recursive: true });
  await withoutPanics(compiled, trapping);
  const options = ["--target", "web", "--no-typescript", "--omit-default-module-path", "--out-name", "glue"];
  run(tool("wasm-bindgen"), [trapping, ...options, "--out-dir", bound]);
  const raw = join(bound, "glue_bg.wasm");
  const features = FEATURES.map((feature) => `--enable-${feature}`);
  // One function for each caller would be larger once it is compressed.
  const passes = [
    "-Oz",
    "--one-caller-inline-max-function-size=20",
    "--strip-debug",
    "--strip-producers",
    "--minify-imports-and-exports-and-modules",
  ];
  // It prints which names it has made short.
  const wasmOpt = join(root, "node_modules/binaryen/bin/wasm-opt");
  const printed = output(process.execPath, wasmOpt, raw, ...passes, ...features, "-o", module);
  writeFileSync(names, printed ?? fail("wasm-opt has failed"));
  writeFileSync(deflated, deflateRawSync(readFileSync(module), { level: 9, memLevel: 9 }));
  writeFileSync(stamp, hash);
}

/** What tells of a panic, or that there is no memory, before it traps: nobody hears it (`src/browser/lean.rs`). */
const TELLERS = /panicking|alloc_error|capacity_overflow|raw_vec12handle_error/;

/**
 * Makes a copy that traps where that would be told: so what tells it can go. It is without its list of features, too, from
 * which wasm-bindgen would conclude to keep JavaScript's values in a table of WebAssembly's, which takes more code.
 */
async function withoutPanics(from, to) {
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(readFileSync(from));
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) => module.getFunctionByIndex(index));
  const tellers = functions.filter((one) => TELLERS.test(binaryen.getFunctionInfo(one).name));
  if (tellers.length === 0) fail("the module names none of the functions that tell of a panic");
  for (const teller of tellers) binaryen.Function.setBody(teller, module.unreachable());
  module.runPasses(["strip-target-features"]);
  writeFileSync(to, module.emitBinary());
}

async function bundle() {
  rmSync(pkg, { recursive: true, force: true });
  mkdirSync(pkg);
  await Promise.all(ENTRIES.map(bundleEntry));
  cpSync(module, join(pkg, "cvm_watch.wasm"));
  cpSync(join(root, "src/js/index.d.ts"), join(pkg, "index.d.ts"));
  writeFileSync(join(pkg, "THIRD-PARTY-LICENSES.txt"), thirdPartyLicenses());
}

/** One self-contained file. */
async function bundleEntry({ outfile, source, external }) {
  // Set-up may only just have installed it.
  const { build: esbuild } = await import("esbuild");
  await esbuild({
    absWorkingDir: root,
    entryPoints: ["src/js/index.js"],
    outfile: join("pkg", outfile),
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    loader: { ".deflated": "base64" },
    plugins: [built({ source, external })],
    logLevel: "warning",
  });
}

/** What `src/js` imports from the build, and how an entry comes by the WebAssembly module. */
function built({ source, external }) {
  return {
    name: "built",
    setup({ onResolve, onLoad }) {
      const glue = join(bound, "glue.js");
      onResolve({ filter: /^cvm-watch:glue$/ }, () => ({ path: glue }));
      onLoad({ filter: /[\\/]glue\.js$/ }, () => ({
        contents: fitGlue(readFileSync(glue, "utf8"), JSON.parse(readFileSync(names, "utf8"))),
        resolveDir: bound,
      }));
      onResolve({ filter: /^cvm-watch:source$/ }, () => ({ path: join(root, "src/js", source) }));
      onResolve({ filter: /^cvm-watch:wasm$/ }, () =>
        external ? { path: "./cvm_watch.wasm", external } : { path: deflated },
      );
      // wasm-bindgen makes copies of the files that Rust names; the classes must be the very ones that are exported.
      onResolve({ filter: /\/snippets\/.*\/src\/js\// }, ({ path }) => ({
        path: join(root, path.slice(path.indexOf("/src/js/"))),
      }));
    },
  };
}

if (isMain(import.meta.url)) {
  await setUpBuild();
  await build();
}
