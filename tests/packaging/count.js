// Counts the WebAssembly instances that come to be, from outside: it runs before the app does, which knows nothing of it.

globalThis.wasmInstances = 0;

function count({ exports }) {
  // Node's own fetch has a module too: its parser of HTTP.
  if (!("llhttp_init" in exports)) globalThis.wasmInstances++;
}

for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  if (!original) continue;
  WebAssembly[name] = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    count(result.instance ?? result);
    return result;
  };
}

WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(...args) {
    const instance = Reflect.construct(...args);
    count(instance);
    return instance;
  },
});
