// The entries as they are packed: what they import, how large they are, and that there is one of each.

import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { install } from "../package/installed.js";

const { app, installed } = install("views-package");
for (const framework of ["react", "vue"]) {
  const from = join(import.meta.dirname, "node_modules", framework);
  symlinkSync(from, join(app, "node_modules", framework), "junction");
}

/** Bundles a program of the app's, as small as it gets; the frameworks stay outside. */
async function bundle(contents) {
  const result = await build({
    stdin: { contents, resolveDir: app },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["react", "vue"],
    metafile: true,
    write: false,
  });
  const { inputs, imports } = Object.values(result.metafile.outputs)[0];
  return { text: result.outputFiles[0].text, inputs: Object.keys(inputs), imports: imports.map(({ path }) => path) };
}

for (const framework of ["react", "vue"]) {
  test(`cvm-watch/${framework} imports its framework alone, and has less than 2 kB`, async () => {
    const { text, imports } = await bundle(`export * from "cvm-watch/${framework}"`);
    assert.deepEqual(imports, [framework]);
    const size = brotliCompressSync(text).length;
    assert.ok(size < 2000, `${size} B`);
  });

  test(`cvm-watch/${framework} is one, however often it is imported, and nothing where it is not used`, async () => {
    const twice = await bundle(`
      export * from "cvm-watch";
      export { useCvmState as a } from "cvm-watch/${framework}";
      export { useCvmState as b, useWatchCvmState } from "cvm-watch/${framework}";`);
    const found = twice.inputs.filter((input) => input.endsWith(`pkg/${framework}/index.js`));
    assert.equal(found.length, 1, twice.inputs.join());
    const { inputs } = await bundle(`
      import { useCvmState } from "cvm-watch/${framework}";
      export { createClient } from "cvm-watch";`);
    assert.ok(!inputs.some((input) => input.includes(`pkg/${framework}/`)), inputs.join());
  });

  test(`tools that ignore exports find cvm-watch/${framework}`, () => {
    const { resolve } = createRequire(join(app, "index.js"));
    assert.equal(resolve(join(installed, framework)), join(installed, `pkg/${framework}/index.js`));
  });
}

test("React's server components see that the hooks are for the client", () => {
  assert.match(readFileSync(join(installed, "pkg/react/index.js"), "utf8"), /^"use client";/);
});
