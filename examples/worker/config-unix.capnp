# As config.capnp, over a unix socket: its file decides who may connect, so there is no token.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "kv-notes", external = (
      address = "unix:/tmp/cubby.sock",
      http = (injectRequestHeaders = [(name = "Cubby-Namespace", value = "notes"), (name = "CF-KV-FLPROD-405")]),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8080", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-06-01",
  bindings = [(name = "NOTES", kvNamespace = "kv-notes")],
);
