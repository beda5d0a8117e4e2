// undici's own `fetch`, through a dispatcher of the app's: in the configuration, or (with `global`) as the global one.

import process from "node:process";
import { Agent, fetch } from "undici";
import { check } from "./src/check.js";

const [way, baseURL] = process.argv.slice(2);
let dispatched = 0;
const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
  dispatched++;
  return dispatch(options, handler);
});
const dispatching = (url, init) => fetch(url, { ...init, dispatcher });

if (way === "global") globalThis.fetch = dispatching;
const outcome = await check(baseURL, way === "global" ? {} : { fetch: dispatching });
if (dispatched < 3) throw new Error(`the dispatcher has sent ${dispatched} requests`);
console.log(JSON.stringify(outcome));
await dispatcher.destroy();
