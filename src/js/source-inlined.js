import base64 from "cvm-watch:wasm";

/** Instantiates the WebAssembly module, which lies in this file: deflated, in base64. */
export async function instantiate(imports) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const inflated = new Response(bytes).body.pipeThrough(new DecompressionStream("deflate-raw"));
  const { instance } = await WebAssembly.instantiate(await new Response(inflated).arrayBuffer(), imports);
  return instance.exports;
}
