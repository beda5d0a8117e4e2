import { instance } from "./instance.js";

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
const copy = (value) => (typeof value === "object" && value !== null ? { ...value } : value);

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

export async function watchCvmState(client, request, options) {
  const call = [configs.get(client)?.(), copy(request), copy(options)];
  return (await instance())("watchCvmState", call);
}

export async function getCvmState(client, request, options) {
  const call = [configs.get(client)?.(), copy(request), copy(options)];
  return (await instance())("getCvmState", call);
}
