using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .suite),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "localhost:0", http = (), service = "main")],
);

const suite :Workerd.Worker = (
  modules = [
    (name = "workerd.js", esModule = embed "workerd.js"),
    (name = "suite", esModule = embed "suite.js"),
    (name = "cvm-watch", esModule = embed "../../pkg/workerd.js"),
    (name = "cvm_watch.wasm", wasm = embed "../../pkg/cvm_watch.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
