// The entries on a server: what they render is always the same, and nothing is asked.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/shell.js";
import { bundle } from "./bundle.js";

/** React's server, in CommonJS, requires modules of Node. */
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

for (const age of ["newest", "oldest"]) {
  test(`rendered with the ${age} React and Vue`, async () => {
    const folder = join(root, "target/views");
    mkdirSync(folder, { recursive: true });
    const program = join(folder, `server-${age}.mjs`);
    writeFileSync(program, await bundle("server.js", age, { platform: "node", banner: { js: banner } }));
    const { texts, asked } = JSON.parse(execFileSync(process.execPath, [program], { encoding: "utf8" }));
    const rendered = ["watching undefined undefined", "idle undefined undefined"];
    const read = "undefined undefined false";
    assert.deepEqual(
      texts.map((text) => text.match(/^<p>(.*)<\/p>$/)[1]),
      [...rendered.flatMap((text) => [text, text]), read, read, read, read],
    );
    assert.equal(asked, 0);
  });
}
