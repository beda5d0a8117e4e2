import { makeGlue } from "cvm-watch:glue";
import { instantiate } from "cvm-watch:source";
import { WatchError } from "./errors.js";
import { crash, onCrash } from "./sources.js";

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
  let failed;
  const { imports, use, ...calls } = makeGlue();
  use(await instantiate(imports));
  onCrash((cause) => {
    failed = () => failure(`has crashed, which is a bug of cvm-watch: ${cause?.message}`, cause);
    starting = undefined;
    for (const reject of pending) reject(failed());
  });

  return (name, call) =>
    new Promise((resolve, reject) => {
      if (failed) throw failed();
      const settling = (settle) => (value) => {
        pending.delete(reject);
        settle(value);
      };
      pending.add(reject);
      try {
        calls[name](call, settling(resolve), settling(reject));
      } catch (error) {
        crash(error);
      }
    });
}
