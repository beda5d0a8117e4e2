import { makeGlue } from "cvm-watch:glue";
import * as errors from "./errors.js";
import * as values from "./values.js";
import { makeWorld } from "./world.js";

/** The files that Rust names: the glue uses these, and not wasm-bindgen's copies. */
const files = { "./errors.js": errors, "./values.js": values };

/**
 * Makes an instance of the WebAssembly module; gives the function that calls its exports. When it crashes (a panic, a trap,
 * too deep a stack, no memory), every pending call rejects, `onCrash` is called, and the instance is not used again.
 */
export async function makeInstance(module, onCrash) {
  /** The functions that reject the pending calls. */
  const pending = new Set();
  let crash;
  const world = makeWorld((thrown) => {
    const why = String(thrown?.message);
    crash = () =>
      new errors.WatchError(`the WebAssembly module has crashed, which is a bug of cvm-watch: ${why}`, {
        cause: thrown,
      });
    onCrash();
    for (const reject of pending) reject(crash());
  });
  // A crash during a callback does not end the Rust code that has called it, which would then call the next one.
  const tell = (...event) => {
    if (crash) throw crash();
    values.tell(...event);
  };
  const glue = makeGlue({ ...files, "./values.js": { ...values, tell } }, world.globals);
  await glue.init({ module_or_path: module });

  return (name, { signal, spent }, ...args) =>
    new Promise((resolve, reject) => {
      if (crash) throw crash();
      const settling = (settle) => (value) => {
        pending.delete(reject);
        settle(value);
      };
      pending.add(reject);
      const context = { signal: world.follow(signal), page: world.page(), spent };
      world.enter(() => glue[name](context, ...args).then(settling(resolve), settling(reject)));
    });
}
