// `npm run test:simulation -- --runs 5000000` and `npm run test:fuzz -- --seconds 600`: the random tests for longer than
// `npm test` takes. They begin at a seed of their own each time; `--seed 7` begins there.

import { parseArgs } from "node:util";
import { setUpRust } from "./setup.js";
import { fail, help, run, timed } from "./shell.js";

const modes = {
  simulation: { option: "runs", usual: "2000000", variable: "SIMULATION_RUNS", seed: "SIMULATION_SEED" },
  fuzz: { option: "seconds", usual: "120", variable: "FUZZ_SECONDS", seed: "FUZZ_SEED" },
};

const [name, ...args] = process.argv.slice(2);
const mode = modes[name] ?? fail(`there is no mode "${name}": choose from ${Object.keys(modes).join(", ")}`);
help(`Runs the random tests for longer than npm test does.

Usage: npm run test:${name} -- [OPTIONS]

Options:
  --${`${mode.option} N`.padEnd(10)} how many ${mode.option} (default: ${mode.usual})
  --seed N     the first seed (default: the present time, another one each time)`);
const { [mode.option]: amount = mode.usual, seed = String(Date.now()) } = options(mode.option, "seed");
const env = { [mode.variable]: amount, [mode.seed]: seed };

function options(...names) {
  try {
    return parseArgs({ args, options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) }).values;
  } catch (error) {
    return fail(error.message);
  }
}

await setUpRust();
await timed(`${name}: ${amount} ${mode.option} from seed ${seed}`, () =>
  run("cargo", ["test", "--quiet", "--locked", "--test", name, "--", "--nocapture"], { env }),
);
