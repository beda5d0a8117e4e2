// The examples of README's quick start, to be run as they stand.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const readme = readFileSync(resolve(import.meta.dirname, "../../README.md"), "utf8");
const examples = Array.from(readme.matchAll(/^```js\n(.*?)^```$/gms), ([, code]) => code.trimEnd());

/** Waits for a boot; cancels a watch. */
export const [boot, cancel] = examples.filter((code) => code.includes("await"));
