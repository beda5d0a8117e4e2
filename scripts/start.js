// `npm start`: sets up, builds, and serves the console page with the simulated API. Options go to the simulator:
// `npm start -- --port 9000 --upstream https://cloud-api.phala.com/api/v1`.

import { build } from "./build.js";
import { serve, simulatorOptions } from "./serve.js";
import { setUpBuild } from "./setup.js";
import { help } from "./shell.js";

help(`Builds the package, and serves the console page with a simulated API.

Usage: npm start -- [OPTIONS]

${simulatorOptions()}

npm start sets --streams-per-user 5, as the real API has it. If an option is given twice, the last one is used.`);

await setUpBuild();
await build();
await serve(process.argv.slice(2), { title: "The console page is", path: "/" });
