// Each contender as a page would have it: one minified module, made by a bundler.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/shell.js";
import { brotli } from "../scripts/size.js";

const folder = join(root, "benches/contenders");

/** The peers, whose versions benches/package.json pins, and what a page would write by hand. */
export const CONTENDERS = [
  "cvm-watch",
  "cvm-watch-url",
  "event-source",
  "fetch-loop",
  "phala-cloud",
  "fetch-event-source",
  "eventsource-client",
  "eventsource-parser",
  "cvm-watch-defaults",
  "phala-cloud-defaults",
];

/** The files by their paths on the server, compressed. */
export async function bundle() {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: CONTENDERS.map((name) => `${name}.js`),
    // `@phala/cloud` reads Node's environment and imports Node's crypto.
    define: { "process.env": "{}" },
    alias: { crypto: join(folder, "no-crypto.js") },
    bundle: true,
    format: "esm",
    minify: true,
    outdir: "/",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  const files = outputFiles.map(({ path, contents }) => [path, contents]);
  files.push(["/cvm_watch.wasm", readFileSync(join(root, "pkg/cvm_watch.wasm"))]);
  return Object.fromEntries(files.map(([path, contents]) => [path, brotli(contents)]));
}
