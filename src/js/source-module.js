import module from "cvm-watch:wasm";

/** Instantiates the WebAssembly module, which the runtime has compiled: workerd compiles nothing later. */
export async function instantiate(imports) {
  return (await WebAssembly.instantiate(module, imports)).exports;
}
