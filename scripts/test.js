// `npm test`: sets up, builds, and runs every test. `npm test -- native` (or wasm, types, e2e) runs one part.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.js";
import { setUpBuild, setUpTests } from "./setup.js";
import { fail, npmTool, root, run, seconds, step, tool } from "./shell.js";

const parts = {
  native: {
    title: "the core and the simulator (cargo test)",
    run: () => run("cargo", ["test", "--quiet", "--locked", "--workspace"]),
  },
  wasm: {
    title: "the browser's side in headless Chromium (wasm-pack test)",
    run: ({ driver }) =>
      run(tool("wasm-pack"), ["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver", driver]),
  },
  types: {
    title: "the TypeScript declarations (tsc)",
    run: () => run(npmTool("tsc"), ["--project", "tests/types"]),
  },
  e2e: {
    title: "the built package in Chromium against the simulator",
    run: (browser) => {
      run("cargo", ["build", "--quiet", "--locked", "--package", "cvm-simulator"]);
      const folder = join("tests", "e2e");
      const files = readdirSync(join(root, folder)).filter((file) => file.endsWith(".test.js"));
      const env = { CHROME: browser.browser, CHROMEDRIVER: browser.driver };
      run(process.execPath, ["--test", "--test-concurrency=1", ...files.map((file) => join(folder, file))], { env });
    },
  },
};

const began = performance.now();
const chosen = process.argv.slice(2);
const unknown = chosen.filter((part) => !(part in parts));
if (unknown.length > 0) fail(`there is no part "${unknown[0]}": choose of ${Object.keys(parts).join(", ")}`);

await setUpBuild();
const browser = await setUpTests();
await build();
for (const [name, part] of Object.entries(parts)) {
  if (chosen.length === 0 || chosen.includes(name)) await step(part.title, () => part.run(browser));
}
console.log(`\nevery test has passed, in ${seconds(performance.now() - began)}`);
