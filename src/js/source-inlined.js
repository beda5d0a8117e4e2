import base64 from "cvm-watch:wasm";

/** The WebAssembly module, which lies in this file, as bytes. */
export function source() {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
