import { Call } from "./call.js";
import { instance } from "./instance.js";
import { isObject } from "./show.js";

export { exponentialBackoff } from "./backoff.js";
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

async function run(name, client, request, options) {
  const call = new Call(configs.get(client)?.(), copy(request), copy(options));
  return (await instance())(name, call);
}
