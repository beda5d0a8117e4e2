// The documents' blocks of code, to be compiled and run as they stand.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/shell.js";

export const read = (path) => readFileSync(join(root, path), "utf8");

/** Every document, by its path in the project. */
export const documents = [root, join(root, "docs")].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name).slice(root.length)),
);

/** The blocks of a document, each with the heading above it. */
export function blocksOf(path) {
  const blocks = [];
  let heading;
  let block;
  for (const [index, line] of read(path).split("\n").entries()) {
    const fence = line.match(/^```(\w*)/);
    if (block && line === "```") {
      blocks.push({ ...block, code: block.lines.join("\n") });
      block = undefined;
    } else if (block) block.lines.push(line);
    else if (fence) block = { path, heading, language: fence[1], line: index + 1, lines: [] };
    else heading = line.match(/^#+ (.*)/)?.[1] ?? heading;
  }
  return blocks;
}

/** The code of README under a heading. */
export function readme(heading) {
  const codes = blocksOf("README.md").filter((block) => block.heading === heading);
  if (codes.length === 0) throw new Error(`README has no code under the heading "${heading}"`);
  return codes.map(({ code }) => code);
}

/** The examples of the declarations. */
export function examplesOf(path) {
  const text = read(path);
  return Array.from(text.matchAll(/^( *) \* ```(jsx?)\n(.*?)^ *\* ```$/gms), ({ index, 2: language, 3: lines }) => ({
    path,
    language,
    line: text.slice(0, index).split("\n").length,
    code: lines.replaceAll(/^ *\* ?/gm, ""),
  }));
}
