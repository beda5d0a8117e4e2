import process from "node:process";
import { check } from "./check.js";

console.log(JSON.stringify(await check(process.argv.at(-1))));
