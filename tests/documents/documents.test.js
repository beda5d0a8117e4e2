// The length of README, the links, and the statements of docs/errors.md and SECURITY.md about the code.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/shell.js";
import { blocksOf, documents, read } from "./blocks.js";

test("README shows code on its first screen, and stays short", () => {
  const lines = read("README.md").trimEnd().split("\n");
  const [first] = blocksOf("README.md");
  assert.equal(first.language, "js");
  assert.ok(first.line <= 30, `the first block begins in line ${first.line}`);
  assert.ok(first.code.split("\n").filter((line) => line.trim()).length <= 15);
  assert.ok(lines.length <= 330, `README has ${lines.length} lines`);
});

for (const heading of ["In React", "In Vue", "With TanStack Query", "In tests"]) {
  test(`README's section "${heading}" has at most 15 lines of code`, () => {
    const [{ code }] = blocksOf("README.md").filter((block) => block.heading === heading);
    assert.ok(code.split("\n").filter((line) => line.trim()).length <= 15);
  });
}

test("every link to a file of the project leads to one", () => {
  for (const path of documents) {
    for (const [, target] of read(path).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      assert.ok(existsSync(join(root, dirname(path), target)), `${path} links to ${target}`);
    }
  }
});

/** The first column of the table under a heading. */
function column(heading) {
  const [, section] = read("docs/errors.md").split(`\n## ${heading}\n`);
  const rows = section
    .split("\n## ")[0]
    .match(/^\|.*\|$/gm)
    .slice(2);
  return rows.map((row) =>
    row
      .split(" | ")[0]
      .replace(/^\| /, "")
      .replace(/^`(.*)`$/, "$1"),
  );
}

const sources = ["src", "src/browser", "src/js"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => /\.(rs|js)$/.test(file))
    .map((file) => join(folder, file)),
);

test("docs/errors.md lists every class", async () => {
  const api = await import("../../pkg/index.js");
  const classes = Object.keys(api).filter((name) => name.endsWith("Error"));
  assert.deepEqual(column("Classes").sort(), classes.sort());
});

test("docs/errors.md and the declarations list every code", () => {
  const codes = Array.from(read("src/event.rs").matchAll(/Self::\w+ => "(\w+)"/g), ([, code]) => code).filter(
    (code) => !["state", "complete", "error"].includes(code),
  );
  const known = [...new Set(codes)].sort();
  assert.deepEqual(column("Codes").sort(), known);
  const [, union] = read("src/js/index.d.ts").match(/type FailureCode = ([^;]+);/);
  assert.deepEqual(Array.from(union.matchAll(/"(\w+)"/g), ([, code]) => code).sort(), known);
});

test("every message in docs/errors.md is one of the code's", () => {
  // Without line breaks of the sources, and with every value that is filled in as an ellipsis.
  const text = sources
    .map(read)
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .replaceAll('\\"', '"');
  for (const message of [...column("The base class itself"), ...column("Messages")]) {
    for (const part of message.split("…").map((part) => part.trim())) {
      const words = part.replace(/^[":)]+|[":(]+$/g, "").trim();
      assert.ok(text.includes(words), `"${words}" of "${message}"`);
    }
  }
});

test("SECURITY.md names every crate that is compiled in", () => {
  const manifest = read("Cargo.toml");
  const tables = manifest.split(/^\[/m).filter((table) => /^(target\..*\.)?dependencies\]/.test(table));
  const crates = tables.flatMap((table) => Array.from(table.matchAll(/^([\w-]+) = /gm), ([, crate]) => crate));
  assert.ok(crates.includes("wasm-bindgen"));
  for (const crate of crates) assert.ok(read("SECURITY.md").includes(`\`${crate}\``), crate);
});
