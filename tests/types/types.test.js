// The programs of this folder, compiled against the packed package as its users do: each `@ts-expect-error` must be one.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { install, root, tool } from "../package/installed.js";

const here = import.meta.dirname;
const { app } = install("types");
for (const file of readdirSync(here).filter((file) => /\.(c?ts|json)$/.test(file) && !file.startsWith("package"))) {
  cpSync(join(here, file), join(app, file));
}
// The libraries whose types are used beside the package's.
for (const library of ["@types", "undici"]) {
  symlinkSync(join(here, "node_modules", library), join(app, "node_modules", library), "junction");
}

/** As Node resolves imports, and as bundlers do. The older two know nothing of `require` of an ES module. */
const older = ["node16", "node18"].map((module) => ["--module", module]);
const newer = [
  ["--module", "node20"],
  ["--module", "nodenext"],
  ["--module", "preserve", "--moduleResolution", "bundler"],
];
const every = [...older, ...newer];
const worlds = [
  ...every.map((options) => ["tsconfig", ...options]),
  ...every.map((options) => ["tsconfig.no-dom", ...options]),
  ...every.map((options) => ["tsconfig.libraries", ...options]),
  ...newer.map((options) => ["tsconfig.require", ...options]),
  ["tsconfig", "--lib", "es2022,webworker"],
];

for (const [compiler, projects] of [
  // TypeScript 7 knows `node10` no more.
  ["typescript-5", [...worlds, ["tsconfig.node10"]]],
  ["typescript", worlds],
]) {
  for (const [project, ...options] of projects) {
    test([compiler, project, ...options].join(" "), () => {
      tool(app, `${compiler}/bin/tsc`, "--project", `${project}.json`, ...options, "--pretty", "false");
    });
  }
}

/** What a compiler says of a program. */
function errors(compiler, program) {
  writeFileSync(join(app, "wrong.mts"), `import { createClient } from "cvm-watch";\n${program}\nexport {};\n`);
  const args = [
    join(root, "node_modules", compiler, "bin/tsc"),
    "--project",
    "tsconfig.wrong.json",
    "--pretty",
    "false",
  ];
  return spawnSync(process.execPath, args, { cwd: app, encoding: "utf8" }).stdout;
}

for (const compiler of ["typescript-5", "typescript"]) {
  test(`${compiler} says what is missing`, () => {
    const watch = 'createClient().watchCvmState({ id, target: "running" });';
    const perhaps = errors(compiler, `declare const id: string | undefined;\n${watch}`);
    assert.match(perhaps, /Types of property 'id' are incompatible/);
    assert.match(perhaps, /Type 'undefined' is not assignable to type 'string'/);
    assert.match(errors(compiler, 'createClient().watchCvmState({ target: "running" });'), /Property 'id' is missing/);
    assert.match(errors(compiler, 'createClient().watchCvmState({ id: "my-app" });'), /Property 'target' is missing/);
  });
}
