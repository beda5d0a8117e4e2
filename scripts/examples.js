// `npm run examples`: the framework examples as pages, with the simulated API. This builds them into a copy of `www`,
// since browsers know neither JSX nor `import "react"`.

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { npmPackages, setUpBuild } from "./setup.js";
import { isMain, root, step } from "./shell.js";

const packages = join(root, "tests/views");

/** The copy, to be served. */
export const site = join(root, "target/www");

export async function buildExamples() {
  await npmPackages(packages);
  await step("building the examples", async () => {
    rmSync(site, { recursive: true, force: true });
    cpSync(join(root, "www"), site, { recursive: true });
    // Set-up may only just have installed it.
    const { build: esbuild } = await import("esbuild");
    const entryPoints = ["www/examples/react/app.jsx", "www/examples/vue/app.jsx"];
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
  // The page's import map knows where it is.
  external: ["cvm-watch"],
  nodePaths: [join(packages, "node_modules")],
  define: {
    "process.env.NODE_ENV": '"development"',
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  logLevel: "warning",
};

if (isMain(import.meta.url)) {
  await setUpBuild();
  await buildExamples();
}
