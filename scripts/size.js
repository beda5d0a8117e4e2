// `npm run size`: what each entry costs a page, compressed, against the budget in size-budget.json.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "./build.js";
import { setUpBuild } from "./setup.js";
import { fail, isMain, root } from "./shell.js";

/** As small as brotli gets it. */
export const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });

const compress = {
  brotli: (bytes) => brotli(bytes).length,
  gzip: (bytes) => gzipSync(bytes, { level: 9 }).length,
};

/** The entries, and the files of the package that a page fetches besides the bundled one. */
const ENTRIES = {
  "cvm-watch": { file: "index.js", fetched: [] },
  "cvm-watch/url": { file: "url.js", fetched: ["cvm_watch.wasm"] },
};

/** All that a page downloads for an entry, by its kind: `{ js, wasm }`, each `{ raw, brotli, gzip }`, and their sum. */
export async function sizes() {
  const all = {};
  for (const [entry, { file, fetched }] of Object.entries(ENTRIES)) {
    const js = measure([await minified(file)]);
    const wasm = measure(fetched.map((file) => readFileSync(join(root, "pkg", file))));
    const sum = Object.fromEntries(Object.keys(js).map((kind) => [kind, js[kind] + wasm[kind]]));
    all[entry] = { js, wasm, sum };
  }
  return all;
}

function measure(files) {
  const total = (size) => files.reduce((sum, bytes) => sum + size(bytes), 0);
  return { raw: total(({ length }) => length), brotli: total(compress.brotli), gzip: total(compress.gzip) };
}

/** An app that uses the whole API, as a page would have it. */
async function minified(file) {
  const folder = mkdtempSync(join(tmpdir(), "cvm-watch-size-"));
  try {
    const app = join(folder, "app.js");
    writeFileSync(app, `export * from ${JSON.stringify(join(root, "pkg", file))};`);
    // Set-up may only just have installed it.
    const { build: esbuild } = await import("esbuild");
    await esbuild({
      entryPoints: [app],
      outfile: join(folder, "out/app.js"),
      bundle: true,
      minify: true,
      format: "esm",
      // As Vite, webpack and Rollup write it. esbuild's default is to escape it, which takes a tenth more.
      charset: "utf8",
    });
    const [only, ...more] = readdirSync(join(folder, "out"));
    if (more.length > 0) fail(`the bundle of ${file} is more than one file: ${more.join(", ")}`);
    return readFileSync(join(folder, "out", only));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Prints the sizes, and fails if one is over its budget. */
export async function checkSizes() {
  const budget = JSON.parse(readFileSync(join(root, "size-budget.json"), "utf8"));
  const over = [];
  console.log("\n| entry | part | raw | brotli 11 | gzip 9 |\n|---|---|---:|---:|---:|");
  for (const [entry, parts] of Object.entries(await sizes())) {
    for (const [part, { raw, brotli, gzip }] of Object.entries(parts)) {
      if (raw > 0) console.log(`| ${entry} | ${part} | ${raw} | ${brotli} | ${gzip} |`);
    }
    for (const [kind, limit] of Object.entries(budget[entry])) {
      const size = parts.sum[kind];
      if (size > limit) over.push(`${entry} is ${size} B with ${kind}, and ${limit} B are allowed`);
    }
  }
  console.log();
  if (over.length > 0) fail(`over the budget of size-budget.json:\n  ${over.join("\n  ")}`);
}

if (isMain(import.meta.url)) {
  await setUpBuild();
  await build();
  await checkSizes();
}
