// `npm run lint`: formatting and lints of everything, warnings denied.

import { checkDependencies } from "./dependencies.js";
import { writeCrate, writeReference } from "./docs.js";
import { setUpBuild } from "./setup.js";
import { run, runNpmTool, step } from "./shell.js";

await setUpBuild();
const denied = ["--", "--deny", "warnings"];
await step("formatting of the Rust code", () => run("cargo", ["fmt", "--all", "--check"]));
await step("clippy, native", () =>
  run("cargo", ["clippy", "--quiet", "--locked", "--workspace", "--all-targets", ...denied]),
);
await step("clippy, wasm32", () =>
  run("cargo", ["clippy", "--quiet", "--locked", "--all-targets", "--target", "wasm32-unknown-unknown", ...denied]),
);
await step("documentation of the crates", writeCrate);
await step("the API reference", writeReference);
await step("formatting and lints of JavaScript, CSS and JSON", () =>
  runNpmTool("@biomejs/biome/bin/biome", ["ci", "--error-on-warnings"]),
);
await step("licences and sources of the dependencies", checkDependencies);
