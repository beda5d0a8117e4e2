import { makeGlue } from "cvm-watch:glue";
import { instantiate } from "cvm-watch:source";
import { WatchError } from "./errors.js";
import { enter, onCrash } from "./sources.js";

let starting;

/** What calls an export of the WebAssembly module. There is one instance, until it crashes or could not be loaded. */
export function instance() {
  starting ??= start().catch((cause) => {
    starting = undefined;
    throw failure(`could not be loaded: ${cause?.message}`, cause);
  });
  return starting;
}

const failure = (what, cause) => new WatchError(`the WebAssembly module ${what}`, 0, undefined, { cause });

/**
 * Starts an instance. Whatever it throws means that it has crashed (a panic, no memory, too deep a stack) and must not
 * be entered again. Nobody in it can settle a promise or let go of anything then: both is done here.
 */
async function start() {
  /** What rejects the calls that have not settled. */
  const pending = new Set();
  let crash;
  const { imports, use, ...calls } = makeGlue();
  use(await instantiate(imports));
  onCrash((cause) => {
    crash = () => failure(`has crashed, which is a bug of cvm-watch: ${cause?.message}`, cause);
    starting = undefined;
    for (const reject of pending) reject(crash());
  });

  return (name, args) =>
    new Promise((resolve, reject) => {
      if (crash) throw crash();
      const settling = (settle) => (value) => {
        pending.delete(reject);
        settle(value);
      };
      pending.add(reject);
      enter(() => calls[name](...args, settling(resolve), settling(reject)));
    });
}
