# workerd's configuration: the Worker of worker.js, whose KV namespace is "notes" of a Cubby on this machine.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    # One entry for each namespace and token; the headers go with each request and no Worker can see or change them.
    (name = "kv-notes", external = (
      address = "127.0.0.1:8485",
      http = (injectRequestHeaders = [
        (name = "Cubby-Namespace", value = "notes"),
        (name = "Authorization", value = embed "authorization"),
        (name = "CF-KV-FLPROD-405"),  # without a value it is left out: it would repeat the URL
      ]),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8080", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-06-01",
  bindings = [(name = "NOTES", kvNamespace = "kv-notes")],
);
