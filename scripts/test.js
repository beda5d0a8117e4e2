// `npm test`: sets up, builds, and runs every test. `npm test -- native` (or another part) runs one part, and sets up
// only what that takes. What follows `packaging` names consumers.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build, buildPanicking } from "./build.js";
import { buildExamples } from "./examples.js";
import { npmPackages, setUpBrowser, setUpBuild, setUpRust, setUpWasmPack } from "./setup.js";
import { fail, help, root, run, seconds, timed, tool } from "./shell.js";
import { checkSizes } from "./size.js";

const cargo = (...args) => run("cargo", [...args, "--quiet", "--locked"]);

/** Parts share what they set up. */
function once(action) {
  let done;
  return () => {
    done ??= action();
    return done;
  };
}

const setUpPackage = once(async () => {
  await setUpBuild();
  await build();
});

const setUpEndToEnd = once(async () => {
  await setUpPackage();
  await setUpBrowser();
});

const parts = {
  native: {
    title: "the core and the simulator (cargo test)",
    setUp: setUpRust,
    // A few times as many random runs as plain `cargo test` plays. `npm run test:simulation` plays more.
    run: () => {
      const env = { SIMULATION_RUNS: "200000", FUZZ_CASES: "60000" };
      run("cargo", ["test", "--workspace", "--exclude", "cvm-bindgen", "--quiet", "--locked"], { env });
    },
  },
  wasm: {
    title: "JavaScript's side in headless Chromium (wasm-pack test)",
    async setUp() {
      await setUpBuild();
      await setUpWasmPack();
      await setUpBrowser();
    },
    async run() {
      const driver = ["--chromedriver", await setUpBrowser()];
      // Seconds; the defaults are short for a machine that has other things to do.
      const env = { WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "60", WASM_BINDGEN_TEST_TIMEOUT: "120" };
      const target = ["--target", "wasm32-unknown-unknown"];
      cargo("test", "--no-run", ...target);
      // The runner's server (tiny_http 0.12) sometimes loses a connection when more than four come at once: it assigns it to
      // a thread that is busy. Then the page never loads. So the module imports few files, and the run is repeated.
      const options = { env, limit: 200_000, tries: 3 };
      run(tool("wasm-pack"), ["test", "--headless", "--chrome", "--mode", "no-install", ...driver], options);
    },
  },
  types: {
    title: "the TypeScript declarations, as the packed package has them (tsc)",
    async setUp() {
      await setUpPackage();
      await npmPackages(join(root, "tests/types"));
    },
    run: () => runNodeTests("tests/types"),
  },
  package: {
    title: "what npm and cargo pack",
    async setUp() {
      await setUpPackage();
      await setUpBrowser();
    },
    run: () => runBrowserTests("tests/package"),
  },
  documents: {
    title: "every block of code in the documents, and what they tell of the code",
    async setUp() {
      await setUpEndToEnd();
      await npmPackages(join(root, "tests/views"));
    },
    run: () => runBrowserTests("tests/documents"),
  },
  globals: {
    title: "globals that a platform lacks, or that a page has replaced",
    setUp: setUpPackage,
    run: () => runNodeTests("tests/globals"),
  },
  size: {
    title: "what a page downloads, against the budget in size-budget.json",
    setUp: setUpPackage,
    run: checkSizes,
  },
  e2e: {
    title: "the built package in Chromium against the simulator",
    async setUp() {
      await setUpEndToEnd();
      await buildPanicking();
    },
    run: () => runBrowserTests("tests/e2e"),
  },
  examples: {
    title: "the framework examples in Chromium against the simulator",
    async setUp() {
      await setUpEndToEnd();
      await buildExamples();
    },
    run: () => runBrowserTests("tests/examples"),
  },
  views: {
    title: "cvm-watch/react and cvm-watch/vue in Chromium and on a server, with the newest and the oldest of each",
    async setUp() {
      await setUpEndToEnd();
      for (const folder of ["tests/views", "tests/views/oldest"]) await npmPackages(join(root, folder));
    },
    run: () => runBrowserTests("tests/views"),
  },
  leaks: {
    title: "1,000 watches in one page over each transport, which leave nothing behind",
    setUp: setUpEndToEnd,
    run: () => runBrowserTests("tests/leaks"),
  },
  "all-leaks": {
    title: "10,000 watches in one page over each transport, and 1,000 mounts of each hook, which leave nothing behind",
    isLong: true,
    async setUp() {
      await setUpEndToEnd();
      for (const folder of ["tests/views", "tests/views/oldest"]) await npmPackages(join(root, folder));
    },
    async run() {
      await runBrowserTests("tests/leaks", { WATCHES: "10000" }, 7_200_000);
      const env = { MOUNTS: "1000", CHROMEDRIVER: await setUpBrowser() };
      run(process.execPath, ["--test", "--test-reporter=spec", "tests/views/leaks.test.js"], { env });
    },
  },
  faults: {
    title: "the faults that do not take long, in every engine that is here (all: npm run test:faults)",
    setUp: setUpEndToEnd,
    run: () => run(process.execPath, ["tests/faults/run.js", "--quick"]),
  },
  runtimes: {
    title: "the built package in every runtime: Chromium's workers, Node, Deno, Bun, workerd",
    async setUp() {
      await setUpEndToEnd();
      await npmPackages(join(root, "tests/runtimes"));
    },
    run: () => runBrowserTests("tests/runtimes"),
  },
  packaging: {
    title: "the packed package with every bundler and runtime",
    async setUp() {
      await setUpEndToEnd();
      await npmPackages(join(root, "tests/runtimes"));
    },
    async run() {
      const env = { CHROMEDRIVER: await setUpBrowser() };
      run(process.execPath, ["--test-reporter=spec", "tests/packaging/packaging.test.js", ...consumers], { env });
    },
  },
};

function runNodeTests(folder, env, limit = 600_000) {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith(".test.js"));
  // A test that hangs must fail.
  const options = ["--test", "--test-reporter=spec", "--test-concurrency=1", `--test-timeout=${limit}`];
  run(process.execPath, [...options, ...files.map((file) => join(folder, file))], { env });
}

async function runBrowserTests(folder, env, limit) {
  runNodeTests(folder, { ...env, CHROMEDRIVER: await setUpBrowser() }, limit);
}

help(`Builds the package, and runs the tests: all of them, or the parts that are named.

Usage: npm test -- [PART…]

Parts:
${Object.entries(parts)
  .map(([name, { title, isLong }]) => `  ${name.padEnd(10)} ${title}${isLong ? " (only if named)" : ""}`)
  .join("\n")}

What follows "packaging" names consumers, such as vite.`);

const began = performance.now();
const given = process.argv.slice(2);
const consumers = given.includes("packaging") ? given.splice(given.indexOf("packaging") + 1) : [];
const unknown = given.find((part) => !(part in parts));
if (unknown) fail(`there is no part "${unknown}": choose from ${Object.keys(parts).join(", ")}`);

const chosen = Object.entries(parts).filter(([name, { isLong }]) =>
  given.length === 0 ? !isLong : given.includes(name),
);
for (const [, part] of chosen) await part.setUp();
for (const [, part] of chosen) await timed(part.title, part.run);
console.log(`\nevery test has passed, in ${seconds(performance.now() - began)}`);
