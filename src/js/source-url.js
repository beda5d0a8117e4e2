/** Instantiates the WebAssembly module, which lies beside this file: compiled while it arrives, if the server names its type. */
export async function instantiate(imports) {
  // Bundlers know this form: they copy the file, and put its new address here.
  const url = new URL("./cvm_watch.wasm", import.meta.url);
  const response = await fetch(url);
  const type = response.headers.get("content-type");
  // A page is what many servers answer for a file that is not there.
  if (!response.ok || type?.startsWith("text/html")) {
    throw new Error(`${url} was answered with status ${response.status} and type ${type}`);
  }
  const { instance } =
    type === "application/wasm"
      ? await WebAssembly.instantiateStreaming(response, imports)
      : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
  return instance.exports;
}
