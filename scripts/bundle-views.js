// The framework entries of the package: `src/js/react` and `src/js/vue`, each made into one file, beside its types.

import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./shell.js";

/** The entries, by the framework that they leave to the app, and what their file begins with. */
const ENTRIES = {
  // For React's server components: hooks are for client components only.
  react: '"use client";',
  vue: "",
};

/** Bundles the entries into `pkg/react` and `pkg/vue`. The types say `../index.js` and `../views/index.js`. */
export async function bundleViews(pkg) {
  // Set-up may only just have installed it.
  const { build: esbuild } = await import("esbuild");
  await Promise.all(
    Object.entries(ENTRIES).map(([framework, banner]) =>
      esbuild({
        absWorkingDir: root,
        entryPoints: [`src/js/${framework}/index.js`],
        outfile: join(pkg, framework, "index.js"),
        bundle: true,
        external: [framework],
        format: "esm",
        target: "es2022",
        charset: "utf8",
        legalComments: "none",
        banner: { js: banner },
        logLevel: "warning",
      }),
    ),
  );
  for (const folder of [...Object.keys(ENTRIES), "views"]) {
    mkdirSync(join(pkg, folder), { recursive: true });
    cpSync(join(root, "src/js", folder, "index.d.ts"), join(pkg, folder, "index.d.ts"));
  }
}
