import { compile } from "cvm-watch:source";
import { WatchAbortedError, WatchError } from "./errors.js";
import { makeInstance } from "./instance.js";
import { tryTo } from "./values.js";

/** The globals that a platform must have. `fetch` is needed too, but may be in the client's configuration. */
const NEEDED = ["WebAssembly", "TextDecoder", "TextEncoder", "AbortController", "Headers", "URL", "setTimeout"];

/** Node creates some of its globals when they are first read, and that throws if another global is missing. */
const isMissing = (name) => typeof tryTo(() => globalThis[name]) !== (name === "WebAssembly" ? "object" : "function");

/** How long a load may take, in seconds: the timeout of an attempt, or its default where the given one is not valid. */
const secondsOf = (timeout) => (typeof timeout === "number" && timeout >= 10 && timeout <= 600 ? timeout : 300);

/** The module, once it has been compiled. */
let module;
/** The load that is under way or done, until it fails or a call gives up on it. */
let loading;
/** The instance, until it crashes. Two loads may be under way: the first that is ready makes it. */
let instance;

/**
 * Gives the function that calls the module's exports (see instance.js). Rejects when the signal aborts, in the same task,
 * and when the load takes longer than the request's timeout; then a later call begins anew.
 *
 * @param subject - what the errors are about: "the watch of CVM …".
 */
export async function load(subject, signal, timeout, hasFetch) {
  const aborted = () => new WatchAbortedError(`${subject} was aborted`, { cause: signal.reason });
  if (signal?.aborted) throw aborted();
  const missing = (hasFetch ? NEEDED : [...NEEDED, "fetch"]).filter(isMissing);
  if (missing.length > 0) throw new WatchError(`this platform lacks ${missing.join(", ")}, which cvm-watch needs`);
  loading ??= start();
  const mine = loading;
  try {
    return await within(mine, signal, aborted, secondsOf(timeout));
  } catch (error) {
    if (loading === mine) loading = undefined;
    throw error;
  }
}

async function start() {
  try {
    module ??= await compile();
    instance ??= begin();
    return await instance;
  } catch (cause) {
    throw new WatchError(`the WebAssembly module could not be loaded: ${cause?.message}`, { cause });
  }
}

/** Makes an instance, and forgets it when it crashes or cannot begin. */
function begin() {
  const forget = () => {
    if (instance === mine) instance = loading = undefined;
  };
  const mine = makeInstance(module, forget);
  mine.catch(forget);
  return mine;
}

/** The promise's result, unless the signal aborts or the time is over. */
function within(promise, signal, aborted, seconds) {
  return new Promise((resolve, reject) => {
    const abort = () => settle(reject)(aborted());
    const timer = setTimeout(() => {
      settle(reject)(new WatchError(`the WebAssembly module was not loaded within ${seconds} s`));
    }, seconds * 1000);
    const settle = (how) => (value) => {
      clearTimeout(timer);
      signal?.removeEventListener?.("abort", abort);
      how(value);
    };
    signal?.addEventListener("abort", abort);
    promise.then(settle(resolve), settle(reject));
  });
}
