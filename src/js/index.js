import init, { watchCvmState as watch } from "cvm-watch:wasm";
import { WatchError } from "./errors.js";
import { wasm } from "./inlined.js";

export * from "./errors.js";

/** What each client was made with. Not on the client itself, where a log would show it. */
const configs = new WeakMap();

let loading;

/** Loads the WebAssembly module, once; a load that failed may be tried again. */
function load() {
  loading ??= init({ module_or_path: wasm() }).catch((cause) => {
    loading = undefined;
    throw new WatchError(`the WebAssembly module could not be loaded: ${cause?.message}`, 0, undefined, { cause });
  });
  return loading;
}

/** Later changes by the caller must not reach a watch that has begun. */
const copy = (value) => (typeof value === "object" && value !== null ? { ...value } : value);

export function createClient(config = {}) {
  const client = Object.freeze({ watchCvmState: (request, options) => watchCvmState(client, request, options) });
  configs.set(client, copy(config));
  return client;
}

export async function watchCvmState(client, request, options) {
  const call = [configs.get(client), copy(request), copy(options)];
  await load();
  return watch(...call);
}
