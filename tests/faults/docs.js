// The page docs/faults.md.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/shell.js";
import { faults } from "./faults.js";
import { docsTable } from "./table.js";

export const DOCS = join(root, "docs/faults.md");
const [BEGIN, END] = ["<!-- the table: npm run test:faults -- --write-docs -->", "<!-- the table ends -->"];

/** The page with the table as it must be now; the prose around it is written by hand. */
export function freshDocs() {
  const page = readFileSync(DOCS, "utf8");
  const [before, after] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END))];
  return `${before}${BEGIN}\n\n${docsTable(faults)}\n\n${after}`;
}

export const areDocsFresh = () => readFileSync(DOCS, "utf8") === freshDocs();
