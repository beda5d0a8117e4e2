// The app, with the number of WebAssembly instances in a header of its answers.

import "count.js";
import app from "worker.js";

export default {
  async fetch(request) {
    const { body } = await app.fetch(request);
    return new Response(body, { headers: { "wasm-instances": globalThis.wasmInstances } });
  },
};
