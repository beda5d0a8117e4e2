/** Compiles the WebAssembly module, which lies beside this file: while it arrives, if the server names its type. */
export async function compile() {
  // Bundlers know this form: they copy the file, and put its new address here.
  const url = new URL("./cvm_watch.wasm", import.meta.url);
  const response = await fetch(url);
  const type = response.headers.get("content-type");
  // Many servers answer with an HTML page for a file that is missing.
  if (!response.ok || type?.startsWith("text/html")) {
    throw new Error(`${url} was answered with status ${response.status} and type ${type}`);
  }
  return type === "application/wasm"
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
