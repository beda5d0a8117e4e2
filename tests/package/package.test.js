// What users install: the packed tarball in an empty folder.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { build, transform } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { install, manifest, root, run, tool } from "./installed.js";

const { app, tarball, installed } = install("package");
const entries = ["index.js", "url.js", "workerd.js", "edge-light.js", "react/index.js", "vue/index.js"];
const read = (file) => readFileSync(join(installed, file), "utf8");

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();

test("it holds what a user needs, and nothing else", () => {
  assert.deepEqual(filesIn(installed), [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "package.json",
    "pkg/THIRD-PARTY-LICENSES.txt",
    "pkg/cvm_watch.wasm",
    "pkg/edge-light.js",
    "pkg/index.d.ts",
    "pkg/index.js",
    "pkg/react/index.d.ts",
    "pkg/react/index.js",
    "pkg/url.js",
    "pkg/views/index.d.ts",
    "pkg/vue/index.d.ts",
    "pkg/vue/index.js",
    "pkg/workerd.js",
    "react/package.json",
    "url/package.json",
    "vue/package.json",
  ]);
});

test("it brings in no dependency", () => {
  const folders = readdirSync(join(app, "node_modules")).filter((name) => !name.startsWith("."));
  assert.deepEqual(folders, ["cvm-watch"]);
});

test("nothing in it names a folder of the machine that built it", () => {
  const folders = [root.replace(/[\\/]$/, ""), process.env.CARGO_HOME ?? join(homedir(), ".cargo")];
  for (const file of filesIn(installed)) {
    const bytes = readFileSync(join(installed, file));
    for (const folder of folders) assert.ok(!bytes.includes(folder), `${file} names ${folder}`);
  }
});

test("publint finds nothing", async () => {
  const { buffer } = new Uint8Array(readFileSync(tarball));
  const { messages } = await publint({ strict: true, pack: { tarball: buffer } });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, manifest, { color: false })),
    [],
  );
});

test("its types are right for every way to resolve it", () => {
  // The rule is of the time before Node could require an ES module.
  tool(app, "@arethetypeswrong/cli/dist/index.js", tarball, "--ignore-rules", "cjs-resolves-to-esm");
});

/** The file that a program gets under a name, found by Node's own rules with a bundler's or runtime's conditions. */
function entry(kind, name, ...conditions) {
  const resolve = { import: `import.meta.resolve("${name}")`, require: `require.resolve("${name}")` }[kind];
  const args = [...conditions.map((condition) => `--conditions=${condition}`), "--eval", `console.log(${resolve})`];
  const type = kind === "import" ? "module" : "commonjs";
  return run(app, process.execPath, [`--input-type=${type}`, ...args])
    .split(/[\\/]/)
    .at(-1);
}

test("Node imports and requires the inlined entry, workerd and edge runtimes those that import the module", () => {
  for (const kind of ["import", "require"]) {
    for (const name of ["cvm-watch", "cvm-watch/url"]) {
      assert.equal(entry(kind, name), "index.js", `${kind} ${name}`);
      assert.equal(entry(kind, name, "workerd"), "workerd.js", `${kind} ${name} in workerd`);
      assert.equal(entry(kind, name, "edge-light"), "edge-light.js", `${kind} ${name} in an edge runtime`);
    }
  }
});

test("tools that ignore exports find both entries", () => {
  const { resolve } = createRequire(join(app, "index.js"));
  assert.equal(resolve(installed), join(installed, "pkg/index.js"));
  assert.equal(resolve(join(installed, "url")), join(installed, "pkg/url.js"));
  for (const [folder, own] of [
    [installed, manifest],
    [join(installed, "url"), JSON.parse(read("url/package.json"))],
  ]) {
    assert.equal(own.module, own.main);
    assert.equal(join(folder, own.types), join(installed, "pkg/index.d.ts"));
  }
});

const exported = [
  "BOOT_STEPS",
  "CvmFailedError",
  "MaxRetriesExceededError",
  "RequestError",
  "ValidationError",
  "WatchAbortedError",
  "WatchError",
  "bootFailed",
  "bootProgress",
  "createClient",
  "cvmStates",
  "exponentialBackoff",
  "getCvmState",
  "watchCvmState",
];

test("import and require give the same, and it works", () => {
  const program = `
    const [imported, required] = [await import("cvm-watch"), process.getBuiltinModule("module").createRequire(import.meta.url)("cvm-watch")];
    const error = await required.createClient().watchCvmState({}).catch((error) => error);
    console.log(JSON.stringify({
      exported: Object.keys(imported).sort(),
      same: Object.keys(imported).every((key) => imported[key] === required[key]),
      bad: error instanceof imported.ValidationError && error.validationErrors.map(({ field }) => field),
    }));`;
  const printed = run(app, process.execPath, ["--input-type=module", "--eval", program]);
  assert.deepEqual(JSON.parse(printed), { exported, same: true, bad: ["id", "target"] });
});

/** Bundles a program of the app's for a page, as small as it gets. */
async function bundle(program) {
  const { outputFiles, metafile, warnings } = await build({
    stdin: { contents: program, resolveDir: app },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  assert.deepEqual(warnings, []);
  const inputs = Object.keys(metafile.inputs).map((input) => input.split("/").at(-1));
  return { text: outputFiles[0].text, inputs };
}

test("bundlers for pages get the inlined entry, or the one that fetches", async () => {
  for (const [name, file] of [
    ["cvm-watch", "index.js"],
    ["cvm-watch/url", "url.js"],
  ]) {
    const { inputs } = await bundle(`export * from "${name}"`);
    assert.ok(inputs.includes(file), `${name}: ${inputs}`);
  }
});

test("an import that is not used leaves nothing behind in a bundle", async () => {
  const { text } = await bundle(
    'import { createClient } from "cvm-watch"; import { WatchError } from "cvm-watch/url";',
  );
  assert.equal(text.trim(), "");
});

test("errors keep their names when a bundler leaves out and renames what it can", async () => {
  const { text } = await bundle(`
    import { exponentialBackoff } from "cvm-watch";
    try { exponentialBackoff({ base: -1 }); } catch (error) { console.log(error.name); }
  `);
  const file = join(app, "bundle.mjs");
  writeFileSync(file, text);
  assert.equal(run(app, process.execPath, [file]), "ValidationError");
});

for (const file of entries) {
  test(`${file} needs no top-level await, no eval and nothing of Node`, async () => {
    // CommonJS has no top-level await, so esbuild refuses to make it of a module that has one.
    await transform(read(`pkg/${file}`), { format: "cjs", logLevel: "silent" });
    const { code } = await transform(read(`pkg/${file}`), { minifyWhitespace: true, legalComments: "none" });
    const found = code.match(/\b(process|Buffer|require|__dirname|__filename|node:\w+|eval|new Function)\b/g);
    assert.deepEqual(found ?? [], []);
  });
}

test("url.js names the WebAssembly module in the form that bundlers look for", () => {
  assert.match(read("pkg/url.js"), /new URL\("\.\/cvm_watch\.wasm", import\.meta\.url\)/);
});

test("edge-light.js imports the WebAssembly module as Next's edge runtime has it", () => {
  assert.match(read("pkg/edge-light.js"), /from "\.\/cvm_watch\.wasm\?module"/);
});

test("every crate that is compiled in is listed with its licence texts", () => {
  const listed = read("pkg/THIRD-PARTY-LICENSES.txt");
  const args = [
    "--target",
    "wasm32-unknown-unknown",
    "--edges",
    "normal,no-proc-macro",
    "--prefix",
    "none",
    "--locked",
  ];
  const crates = run(root, "cargo", ["tree", ...args, "--format", "{p}"])
    .split("\n")
    .map((line) =>
      line
        .match(/^(\S+) v(\S+)/)
        .slice(1)
        .join(" "),
    )
    .filter((crate) => !crate.startsWith("cvm-watch "));
  assert.ok(crates.length > 5);
  for (const crate of new Set(crates)) assert.match(listed, new RegExp(`^${crate}: .+ \\[\\d+\\]$`, "m"));
  assert.match(listed, /^The standard library of Rust [\d.]+ .+ \[\d+\]$/m);
  assert.match(listed, /Permission is hereby granted, free of charge/);
  assert.match(listed, /TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION/);
});

test("the crate holds its sources, and nothing else", () => {
  const files = run(root, "cargo", ["package", "--list", "--allow-dirty", "--locked"]).split("\n");
  const others = files.filter((file) => !/^src[\\/]([a-z_]+[\\/])*[a-z_-]+(\.d)?\.(rs|js|ts)$/.test(file));
  const made = ["Cargo.lock", "Cargo.toml", "Cargo.toml.orig"];
  const own = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];
  assert.deepEqual(others.filter((file) => file !== ".cargo_vcs_info.json").sort(), [...own, ...made].sort());
  assert.ok(files.includes("src/lib.rs"));
});
