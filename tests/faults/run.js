// `npm run test:faults`: every fault, over both transports, in every installed engine. Prints the table.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "../../scripts/build.js";
import { findEngines, setUpBrowser, setUpBuild, setUpEngines } from "../../scripts/setup.js";
import { fail, help, seconds } from "../../scripts/shell.js";
import { engines } from "../e2e/engines.js";
import { areDocsFresh, DOCS, freshDocs } from "./docs.js";
import { faults } from "./faults.js";
import { runEngine } from "./runner.js";
import { cell, table } from "./table.js";

help(`Tests every fault, over both transports, in every installed engine, and prints the table.

Usage: npm run test:faults -- [OPTIONS]

Options:
  --engine NAME   only this engine (can be repeated): ${Object.keys(engines).join(", ")}
  --fault NAME    only this fault (can be repeated); "*" matches anything, as in "reset*"
  --quick         without the faults that take long
  --every-engine  installs the engines that are missing, and fails if one cannot be installed
  --write-docs    rewrites the table in docs/faults.md, and runs no test`);

const { values: options } = parseArgs({
  options: {
    engine: { type: "string", multiple: true },
    fault: { type: "string", multiple: true },
    quick: { type: "boolean" },
    "every-engine": { type: "boolean" },
    "write-docs": { type: "boolean" },
  },
});

if (options["write-docs"]) {
  writeFileSync(DOCS, freshDocs());
} else {
  await test();
}

async function test() {
  const chosen = chooseFaults();
  const names = await chooseEngines();
  if (!areDocsFresh()) fail("docs/faults.md does not tell what is tested: run `npm run test:faults -- --write-docs`");
  await build();
  const results = new Map();
  await Promise.all(names.map((name) => testIn(name, chosen, results)));
  console.log(`\n${table(chosen, results)}\n`);
  const failures = [...results].filter(([, error]) => error);
  for (const [cell, error] of failures) console.error(`${cell}: ${error.stack}\n`);
  if (failures.length > 0) fail(`${failures.length} of ${results.size} cells have failed`);
  console.log(`all ${results.size} cells have passed`);
}

function chooseFaults() {
  const { fault: patterns = ["*"], quick } = options;
  const chosen = faults.filter(({ name, slow }) => !(quick && slow) && patterns.some((pattern) => fits(pattern, name)));
  if (chosen.length === 0) fail(`no fault is called ${patterns.join(" or ")}: docs/faults.md lists them`);
  return chosen;
}

/** Whether a name matches a pattern, where "*" matches anything. */
function fits(pattern, name) {
  const parts = pattern.split("*").map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

async function chooseEngines() {
  const wanted = options.engine ?? Object.keys(engines);
  const unknown = wanted.find((name) => !(name in engines));
  if (unknown) fail(`there is no engine "${unknown}": choose from ${Object.keys(engines).join(", ")}`);
  await setUpBuild();
  if (options["every-engine"]) await setUpEngines();
  else if (wanted.includes("chromium")) await setUpBrowser();
  const drivers = findEngines();
  const missing = wanted.filter((name) => !drivers[name]).map((name) => engines[name].title);
  if (missing.length > 0) {
    const message = `${missing.join(" and ")} not found (\`npm run setup -- --every-engine\` installs all engines)`;
    if (options.engine || options["every-engine"]) fail(message);
    console.log(`▸ not tested: ${message}`);
  }
  const here = wanted.filter((name) => drivers[name]);
  for (const name of here) process.env[engines[name].variable] = drivers[name];
  return here;
}

async function testIn(name, chosen, results) {
  const began = performance.now();
  const report = (fault, transport, error) => results.set(cell(fault, { engine: name, transport }), error);
  try {
    await runEngine(name, chosen, report);
  } catch (error) {
    results.set(`${engines[name].title} was not driven to the end`, error);
  }
  console.log(`▸ ${engines[name].title}: ${seconds(performance.now() - began)}`);
}
