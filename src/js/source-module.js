import module from "cvm-watch:wasm";

/** Gives the WebAssembly module, which the runtime has compiled: workerd and Next's edge runtime compile nothing later. */
export const compile = async () => module;
