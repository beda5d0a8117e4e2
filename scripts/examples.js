// `npm run examples`: sets up, builds, and serves the examples with the simulated API. They are built into a copy of `www`,
// since browsers know neither JSX nor `import "react"`. Options go to the simulator, as for `npm start`.

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.js";
import { serve, simulatorOptions } from "./serve.js";
import { npmPackages, setUpBuild } from "./setup.js";
import { help, isMain, root, step } from "./shell.js";

const packages = join(root, "tests/views");

/** The copy, to be served. */
export const site = join(root, "target/www");

/** Builds the examples with the package as it is in `pkg`. */
export async function buildExamples() {
  await npmPackages(packages);
  await step("building the examples", async () => {
    rmSync(site, { recursive: true, force: true });
    cpSync(join(root, "www"), site, { recursive: true });
    // Set-up may only just have installed it.
    const { build: esbuild } = await import("esbuild");
    const entryPoints = ["react", "vue", "query"].map((example) => `www/examples/${example}/app.tsx`);
    await esbuild({ ...settings, entryPoints, outbase: "www", outdir: site });
  });
}

/** For esbuild: a framework's own development build, since React's StrictMode does nothing in the other. */
export const settings = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  nodePaths: [join(packages, "node_modules")],
  define: {
    "process.env.NODE_ENV": '"development"',
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  // The examples' own is for tsc alone.
  tsconfigRaw: "{}",
  logLevel: "warning",
};

if (isMain(import.meta.url)) {
  help(`Builds the package and the examples, and serves them with a simulated API.

Usage: npm run examples -- [OPTIONS]

${simulatorOptions()}

npm run examples sets --www and --streams-per-user 5. If an option is given twice, the last one is used.`);
  await setUpBuild();
  await build();
  await buildExamples();
  await serve(["--www", site, ...process.argv.slice(2)], { title: "The examples are", path: "/examples/" });
}
