import { makeGlue } from "cvm-watch:glue";
import * as errors from "./errors.js";
import * as values from "./values.js";
import { makeWorld } from "./world.js";

/** The signal of a call that cannot be aborted. */
const NEVER = { aborted: false, addEventListener() {} };

/**
 * Makes an instance of the WebAssembly module; gives the function that calls its exports. When it crashes (a panic, a trap,
 * too deep a stack, no memory), every pending call rejects, `onCrash` is called, and the instance is not used again.
 */
export async function makeInstance(module, onCrash) {
  /** The functions that reject the pending calls. */
  const pending = new Set();
  let crash;
  const world = makeWorld((thrown) => {
    const message = `the WebAssembly module has crashed, which is a bug of cvm-watch: ${thrown?.message}`;
    crash = () => new errors.WatchError(message, { cause: thrown });
    onCrash();
    for (const reject of pending) reject(crash());
  });
  // A crash during a callback does not end the Rust code that has called it, which would then call the next one.
  const tell = (...event) => {
    if (crash) throw crash();
    values.tell(...event);
  };
  // The files that Rust names: the glue uses these, and not wasm-bindgen's copies.
  const glue = makeGlue({ "./errors.js": errors, "./values.js": { ...values, tell } }, world.globals);
  await glue.init({ module_or_path: module });

  return (name, { signal = NEVER, spent }, ...args) =>
    new Promise((resolve, reject) => {
      if (crash) throw crash();
      pending.add(reject);
      const context = { signal, aborts: world.listen(signal), page: world.page(), spent };
      const call = world.enter(() => glue[name](context, ...args));
      call?.then(resolve, reject).then(() => pending.delete(reject));
    });
}
