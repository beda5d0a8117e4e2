import { size, text } from "cvm-watch:wasm";
import { decode } from "./decode.js";

/** Compiles the WebAssembly module, which lies in this file as text. */
export async function compile() {
  // Modules are always read as UTF-8, but a bundle that is a classic script only if the page or the server says so.
  if (text.length !== size) throw new Error("the script was not read as UTF-8: serve it with charset=utf-8");
  return WebAssembly.compile(decode(text));
}
