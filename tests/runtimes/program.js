// The suite as a program, for Node, Deno and Bun: `program.js ORIGIN`. Prints the results as one line of JSON.

import process from "node:process";
import * as api from "../../pkg/index.js";
import { runSuite } from "./suite.js";

console.log(JSON.stringify(await runSuite({ api, origin: process.argv.at(-1) })));
