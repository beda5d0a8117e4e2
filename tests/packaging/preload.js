// For Node, Deno and Bun to load before a program: prints the count when the program ends.

import process from "node:process";
import "./count.js";

process.on("exit", () => console.log(globalThis.wasmInstances));
