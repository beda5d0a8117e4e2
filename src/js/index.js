import init, * as wasm from "cvm-watch:glue";
import { source } from "cvm-watch:source";
import { WatchError } from "./errors.js";

export { exponentialBackoff } from "./backoff.js";
export * from "./errors.js";

/** What each client was made with. Not on the client itself, where a log would show it. */
const configs = new WeakMap();

let loading;

/** Loads the WebAssembly module, once; a load that failed may be tried again. */
function load() {
  loading ??= init({ module_or_path: source() }).catch((cause) => {
    loading = undefined;
    throw new WatchError(`the WebAssembly module could not be loaded: ${cause?.message}`, 0, undefined, { cause });
  });
  return loading;
}

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
  await load();
  return wasm.watchCvmState(...call);
}

export async function getCvmState(client, request, options) {
  const call = [configs.get(client)?.(), copy(request), copy(options)];
  await load();
  return wasm.getCvmState(...call);
}
