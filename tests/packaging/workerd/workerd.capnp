using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .app),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "localhost:0", http = (), service = "main")],
);

const app :Workerd.Worker = (
  modules = [
    (name = "counted.js", esModule = embed "counted.js"),
    (name = "count.js", esModule = embed "../../../tests/packaging/count.js"),
    (name = "worker.js", esModule = embed "dist/worker.js"),
    (name = "cvm_watch.wasm", wasm = embed "dist/cvm_watch.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
