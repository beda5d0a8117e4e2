// One case, in a process of its own: `program.js NAME BASE_URL CVM_ID`. Prints the result as one line of JSON.

import process from "node:process";
import { cases } from "./cases.js";

/** A call that has not settled by then is pending, in ms. */
const LIMIT = 15_000;

const [name, baseURL, id] = process.argv.slice(2);
const { change, later, after, config, request, onEvent, thrown = new Error("what was thrown") } = cases[name];
// What the program itself needs, before anything is changed.
const { setTimeout, clearTimeout, fetch: real } = globalThis;
const { exit, stdout } = process;
// Node makes `fetch` and its classes when they are first used, out of others that a case may remove.
// (Its parser of HTTP, which is WebAssembly, only for a server.)
await (await real(name === "no WebAssembly" ? baseURL : "data:,")).text();
// It cleans up after itself in tasks of its own.
await new Promise((resolve) => setTimeout(resolve, 50));
void globalThis.Headers;

const world = { real, thrown, reported: [] };
const uncaught = [];
const unhandled = [];
process.on("uncaughtException", (error) => uncaught.push(error));
process.on("unhandledRejection", (error) => unhandled.push(error));

const changed = change?.(world) ?? {};
const calls = await import("../../pkg/index.js").then(run, (error) => ({ imported: String(error) }));
const told = (list) => list.map((error) => (error === thrown ? "what was thrown" : String(error?.stack ?? error)));
const lists = { uncaught: told(uncaught), unhandled: told(unhandled), reported: told(world.reported) };
stdout.write(`${JSON.stringify({ ...calls, ...lists })}\n`, () => exit());

async function run({ createClient, WatchError }) {
  const events = [];
  const client = createClient({ baseURL, ...config, ...changed.config });
  later?.(world);
  const given = { id, target: "running", timeout: 10, maxRetries: 0, ...request, ...changed.request };
  world.request = given;
  const heard = (event) => {
    events.push(event.type);
    return onEvent?.(world);
  };
  const watch = await settled(() => client.watchCvmState({ ...given, onEvent: heard }), WatchError);
  const { signal } = given;
  // The read gets the same signal, which aborts it as well.
  const read = await settled(() => client.getCvmState({ id, timeout: 10, ...(signal && { signal }) }), WatchError);
  let left;
  try {
    after?.(world);
  } catch (error) {
    left = error.message;
  }
  return { watch, read, events, left };
}

/** The result of a call. It must not throw. */
async function settled(call, WatchError) {
  let timer;
  const pending = new Promise((resolve) => {
    timer = setTimeout(resolve, LIMIT, { pending: true });
  });
  try {
    return await Promise.race([
      call().then(
        ({ status }) => ({ resolved: status }),
        (error) => show(error, WatchError),
      ),
      pending,
    ]);
  } catch (error) {
    return { threw: String(error?.stack ?? error) };
  } finally {
    clearTimeout(timer);
  }
}

function show(error, WatchError) {
  const isThrown = error === thrown;
  if (!(error instanceof Error)) return { isThrown, value: String(error) };
  const { name, message, attempts, cause } = error;
  return { name, message, attempts, cause: String(cause), isThrown, isWatchError: error instanceof WatchError };
}
