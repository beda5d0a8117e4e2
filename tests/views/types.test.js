// The programs in `types`, compiled against the packed package as its users do: each `@ts-expect-error` must be one.

import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { install, tool } from "../package/installed.js";

const here = import.meta.dirname;
const { app } = install("views");
cpSync(join(here, "types"), app, { recursive: true });
// `cvm-watch/vue` takes Vue's types from the app. `cvm-watch/react` needs none.
symlinkSync(join(here, "node_modules/vue"), join(app, "node_modules/vue"), "junction");

for (const compiler of ["typescript-5", "typescript"]) {
  for (const options of [[], ["--module", "preserve", "--moduleResolution", "bundler"]]) {
    test([compiler, ...options].join(" "), () => {
      tool(app, `${compiler}/bin/tsc`, "--project", "tsconfig.json", ...options, "--pretty", "false");
    });
  }
}
