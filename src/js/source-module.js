import module from "cvm-watch:wasm";

/** The WebAssembly module, compiled by the runtime: workerd compiles nothing later. */
export function source() {
  return module;
}
