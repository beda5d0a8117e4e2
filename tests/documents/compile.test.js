// Every block of JavaScript in the documents, and every example in the declarations, compiled against the packed package.

import assert from "node:assert/strict";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/shell.js";
import { install, tool } from "../package/installed.js";
import { blocksOf, documents, examplesOf } from "./blocks.js";

const { app } = install("documents");
cpSync(join(import.meta.dirname, "types"), app, { recursive: true });
// `cvm-watch/vue` takes Vue's types from the app.
symlinkSync(join(root, "tests/views/node_modules/vue"), join(app, "node_modules/vue"), "junction");

const declarations = ["index.d.ts", "react/index.d.ts", "vue/index.d.ts"].map((path) => `src/js/${path}`);
const blocks = [...documents.flatMap(blocksOf), ...declarations.flatMap(examplesOf)];

/** Not compiled: commands, pages (which tests/packaging has), diagrams, and what a program prints. */
const OTHERS = new Set(["sh", "html", "mermaid", "text"]);

/** The script of a component of Vue's. */
const scriptOf = (component) => component.match(/<script setup>\n(.*?)<\/script>/s)[1];

const names = {
  "cvm-watch": ["BOOT_STEPS", "bootFailed", "bootProgress", "CvmFailedError", "createClient", "exponentialBackoff"],
  "cvm-watch/react": ["useCvmState", "useWatchCvmState"],
};
names["cvm-watch"].push(
  "MaxRetriesExceededError",
  "RequestError",
  "ValidationError",
  "WatchAbortedError",
  "WatchError",
);

/** The imports of a block that has none of its own: the package's exports, and a client. */
function preludeOf(path, code) {
  if (/^import /m.test(code)) return "";
  const isVues = path.includes("/vue/");
  const entries = { ...names, [isVues ? "cvm-watch/vue" : "cvm-watch/react"]: names["cvm-watch/react"] };
  if (isVues) delete entries["cvm-watch/react"];
  const imports = Object.entries(entries).map(([entry, names]) => [entry, names.filter((name) => code.includes(name))]);
  const lines = imports.map(([entry, names]) => `import { ${names.join(", ")} } from "${entry}";`);
  if (!/\bconst client\b/.test(code)) lines.push('import { client } from "./client.js";');
  return lines.join(" ");
}

test("every block of code is in a language that is known here", () => {
  for (const { path, line, language } of blocks) {
    assert.ok(OTHERS.has(language) || ["js", "jsx", "vue"].includes(language), `${path}:${line}: ${language}`);
  }
});

test("every block of JavaScript compiles", () => {
  const programs = blocks.filter(({ language }) => !OTHERS.has(language));
  assert.ok(programs.length > 30, `only ${programs.length} blocks were found`);
  for (const { path, line, language, code } of programs) {
    const program = language === "vue" ? scriptOf(code) : code;
    const name = `${path.replace("src/js/", "").replaceAll(/\W/g, "-")}-${line}.tsx`;
    writeFileSync(join(app, name), `${preludeOf(path, program)}\n${program}\nexport {};\n`);
  }
  tool(app, "typescript/bin/tsc", "--project", "tsconfig.json", "--pretty", "false");
});
