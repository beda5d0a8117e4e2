// `npm start`: sets up, builds, and serves the console page with the simulated API. Options go to the simulator:
// `npm start -- --port 9000 --upstream https://cloud-api.phala.com/api/v1`. A user may have as many event streams as with
// the real API; `--streams-per-user` says otherwise.

import { build } from "./build.js";
import { serve } from "./serve.js";
import { setUpBuild } from "./setup.js";

await setUpBuild();
await build();
await serve(process.argv.slice(2), { title: "The console page is", path: "/" });
