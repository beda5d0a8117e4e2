/** The WebAssembly module, which lies beside this file: compiled while it arrives, if the server names its type. */
export async function source() {
  // Bundlers know this form: they copy the file, and put its new address here.
  const url = new URL("./cvm_watch.wasm", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} was answered with status ${response.status}`);
  const isNamed = response.headers.get("content-type") === "application/wasm";
  return isNamed ? WebAssembly.compileStreaming(response) : response.arrayBuffer();
}
