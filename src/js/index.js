import { load } from "./load.js";
import { isObject, isSignal } from "./values.js";

export { exponentialBackoff } from "./backoff.js";
export { BOOT_STEPS, bootFailed, bootProgress } from "./boot.js";
export {
  MaxRetriesExceededError,
  RequestError,
  ValidationError,
  WatchAbortedError,
  WatchError,
} from "./errors.js";

/** What each client was made with. Not on the client itself, where a log would show it. */
const configs = new WeakMap();

/** Later changes by the caller must not reach a call that has begun. */
const copy = (value) => (isObject(value) ? { ...value } : value);

/** Asks a function once; the function that comes back gives, or throws, the same: `createClient` itself never throws. */
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
  });
  configs.set(
    client,
    settle(() => copy(config)),
  );
  return client;
}

export const watchCvmState = (client, request, options) => run("watchCvmState", client, request, options);

export const getCvmState = (client, request, options) => run("getCvmState", client, request, options);

/** Calls an export of the WebAssembly module. What is bad in the arguments is told there. */
async function run(name, client, ...args) {
  const config = configs.get(client)?.();
  const [request, options] = args.map(copy);
  const signal = [options, request].map((given) => given?.signal).find(isSignal);
  const call = await load(signal, request?.timeout, typeof config?.fetch === "function");
  return await call(name, signal, config, request, options);
}
