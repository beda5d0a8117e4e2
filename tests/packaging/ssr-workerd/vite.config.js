// A worker without Cloudflare's plugin: it imports the WebAssembly module as it is, from beside the bundle.

const isModule = (id) => id.endsWith(".wasm");

export default {
  ssr: { noExternal: true, resolve: { conditions: ["workerd"] } },
  build: {
    rollupOptions: {
      external: isModule,
      output: { paths: (id) => (isModule(id) ? "./cvm_watch.wasm" : id) },
    },
  },
};
