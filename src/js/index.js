import { WatchError } from "./errors.js";
import { load } from "./load.js";
import { statesOf } from "./states.js";
import { isObject, show, signalOf, tryTo } from "./values.js";

export { exponentialBackoff } from "./backoff.js";
export { BOOT_STEPS, bootFailed, bootProgress } from "./boot.js";
export {
  CvmFailedError,
  MaxRetriesExceededError,
  RequestError,
  ValidationError,
  WatchAbortedError,
  WatchError,
} from "./errors.js";

/** Each client's configuration. It is not on the client itself, where a log would show it. */
const configs = new WeakMap();

/** Later changes by the caller must not reach a call that has begun. */
const copy = (value) => (isObject(value) ? { ...value } : value);

/** Calls a function once. The returned function returns, or throws, the same: so `createClient` itself never throws. */
function settle(action) {
  try {
    const value = action();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

export function createClient(config = {}) {
  const client = Object.freeze({
    watchCvmState: (request, options) => watchCvmState(client, request, options),
    getCvmState: (request, options) => getCvmState(client, request, options),
    cvmStates: (request) => cvmStates(client, request),
  });
  configs.set(
    client,
    settle(() => copy(config)),
  );
  return client;
}

export const watchCvmState = (client, request, options) => run("watchCvmState", client, request, options);

export const getCvmState = (client, request, options) => run("getCvmState", client, request, options);

export function cvmStates(client, given) {
  const request = settle(() => copy(given));
  return statesOf(request, async (request, memory) => await run("nextCvmState", client, request, memory));
}

/** Names the CVM in errors that are made here. */
const idOf = ({ id, uuid, app_id, instance_id, name }) => id || uuid || app_id || instance_id || name;

/** Not `Date.now` alone, which a test may have replaced. */
const now = () => tryTo(() => performance.now()) ?? Date.now();

/** Calls an export of the WebAssembly module, which checks the arguments. */
async function run(name, client, ...args) {
  const config = configs.get(client)?.();
  const [request, options] = args.map(copy);
  const signal = signalOf(options, request);
  const began = now();
  const subject = `the ${name === "getCvmState" ? "read" : "watch"} of CVM ${show(idOf(request ?? {}))}`;
  const call = await load(subject, signal, request?.timeout, typeof config?.fetch === "function");
  try {
    return await call(name, { signal, spent: now() - began }, config, request, options);
  } catch (error) {
    throw retraced(error);
  }
}

/** An error's stack is that of WebAssembly, where it was made. From here V8 follows the `await`s to the caller's line. */
function retraced(error) {
  if (error instanceof WatchError) tryTo(() => Error.captureStackTrace(error, retraced));
  return error;
}
