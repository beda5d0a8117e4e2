import { makeGlue } from "cvm-watch:glue";
import * as errors from "./errors.js";
import * as values from "./values.js";
import { makeWorld } from "./world.js";

/** The signal of a call that cannot be aborted. */
const NEVER = { aborted: false, addEventListener() {} };

/**
 * Makes an instance of the WebAssembly module, with a glue of its own: what calls its exports. When it crashes (a panic, a
 * trap, too deep a stack, no memory), every call that is pending rejects, and `onCrash` is called: it is not used again.
 */
export async function makeInstance(module, onCrash) {
  /** What rejects the calls that have not settled. */
  const pending = new Set();
  let crash;
  const world = makeWorld((thrown) => {
    const message = `the WebAssembly module has crashed, which is a bug of cvm-watch: ${thrown?.message}`;
    crash = () => new errors.WatchError(message, { cause: thrown });
    onCrash();
    for (const reject of pending) reject(crash());
  });
  // A crash within a callback does not end what has called it: that would call the next.
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
