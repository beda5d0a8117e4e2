// The programs of this folder, compiled against the packed package as its users do: each `@ts-expect-error` must be one.

import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { install, tool } from "../package/installed.js";

const { app } = install("types");
for (const file of readdirSync(import.meta.dirname).filter((file) => /\.(c?ts|json)$/.test(file))) {
  cpSync(join(import.meta.dirname, file), join(app, file));
}

for (const [compiler, projects] of [
  // TypeScript 7 knows `node10` no more.
  ["typescript-5", ["tsconfig", "tsconfig.bundler", "tsconfig.worker", "tsconfig.node10"]],
  ["typescript", ["tsconfig", "tsconfig.bundler", "tsconfig.worker"]],
]) {
  for (const project of projects) {
    test(`${compiler}, ${project}`, () => {
      tool(app, `${compiler}/bin/tsc`, "--project", `${project}.json`, "--pretty", "false");
    });
  }
}
