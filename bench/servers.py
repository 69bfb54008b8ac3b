"""Cubby and what it is compared with, as processes: started, pinned, asked for their CPU time, ended.

Every server runs on SERVER_CORE, every load comes from LOAD_CORE; every wait has an end.
"""

import base64
import contextlib
import http.client
import json
import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

SERVER_CORE = 0
LOAD_CORE = 1
READY_SECONDS = 20
IDLE_SECONDS = 120
HERE = Path(__file__).resolve().parent
E2E = HERE.parent / "tests/e2e"
ACCOUNT = "0" * 31 + "1"


class BenchError(Exception):
    """Something did not work; what was measured until then is of no use."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(command):
    return ["taskset", "-c", str(SERVER_CORE), *map(str, command)]


class Server:
    """Processes that are one server. `folder` is its own; its log is in it."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host = "127.0.0.1"
        self.port = free_port()
        self.token = None
        self.processes = []

    def run(self, command, **more):
        log = open(self.folder / f"log-{len(self.processes)}", "wb")
        self.processes.append(subprocess.Popen(pinned(command), stdout=log, stderr=log, **more))

    def wait_for(self, condition, what):
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            for process in self.processes:
                if process.poll() is not None:
                    raise BenchError(f"{self.name} ended: {self.log()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if condition():
                    return
            time.sleep(0.01)
        raise BenchError(f"{self.name} is not ready, {what}: {self.log()}")

    def log(self):
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("log-*")))[-2000:].decode(errors="replace")

    def ask(self, method, target, body=None, timeout=60):
        """One request on a connection of its own; the body of its answer."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise BenchError(f"{self.name}: {method} {target}: {response.status} {answer[:300]!r}")
        return answer

    def pids(self):
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
        parents = {int(pid): int(parent) for pid, parent in (line.split() for line in listed.splitlines())}
        mine = {process.pid for process in self.processes}
        return mine | {pid for pid, parent in parents.items() if parent in mine}

    def cpu_seconds(self):
        """What its processes and their children have used."""
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(FileNotFoundError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids())
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")

    def peak_resident_bytes(self):
        """The most that the server's own process has had."""
        status = Path(f"/proc/{self.processes[0].pid}/status").read_text()
        return 1024 * int(status.partition("VmHWM:")[2].split()[0])

    def wait_until_idle(self):
        """Until what a load left to do in the background is done."""
        for _ in range(IDLE_SECONDS):
            before = self.cpu_seconds()
            time.sleep(1)
            if self.cpu_seconds() - before < 0.05:
                return
        raise BenchError(f"{self.name} has not come to rest")

    def kill(self):
        for process in self.processes:
            process.kill()
            process.wait()

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Cubby(Server):
    """One loop, default durability, plain TCP."""

    def __init__(self, folder, binary):
        super().__init__("Cubby", folder)
        self.token = secrets.token_urlsafe(40)
        self.binding = f"{self.host}:{free_port()}"
        self.run([binary, "serve", "--data-dir", self.folder / "data", "--listen", f"{self.host}:{self.port}",
                  "--binding-listen", self.binding, "--threads", "1", "--account-id", ACCOUNT],
                 env={"CUBBY_ADMIN_TOKEN": self.token, "PATH": os.environ["PATH"]})
        self.wait_for(lambda: self.ask("GET", "/healthz"), "no answer to /healthz")
        self.namespaces = f"/client/v4/accounts/{ACCOUNT}/storage/kv/namespaces"

    def new_namespace(self, title):
        """The path of a new namespace."""
        created = json.loads(self.ask("POST", self.namespaces, json.dumps({"title": title})))
        return f"{self.namespaces}/{created['result']['id']}"


class Nginx(Server):
    """One worker. Reads are files on tmpfs; writes are DAV PUTs to the disk that Cubby writes to."""

    def __init__(self, folder, *, files, sendfile=False, constant=None):
        super().__init__("nginx", folder)
        self.files = Path(files)
        self.files.mkdir(parents=True, exist_ok=True)
        paths = "".join(f" {kind}_temp_path {self.folder}/{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        cache = "open_file_cache max=100;" if sendfile else ""
        everything = f'location / {{ return 200 "{constant}"; }}' if constant else ""
        config = self.folder / "nginx.conf"
        # `user root`: a worker under another name may not enter the scratch folder.
        config.write_text(f"""
            user root; daemon off; worker_processes 1; pid {self.folder}/pid; error_log stderr;
            events {{ worker_connections 1024; }}
            http {{ access_log off; sendfile {'on' if sendfile else 'off'}; {cache}{paths}
              keepalive_requests 1000000000; client_max_body_size 0;
              server {{ listen {self.host}:{self.port}; root {self.files};
                dav_methods PUT; location = /ready {{ return 200 "ok"; }} {everything} }} }}
            """)
        self.run(["nginx", "-c", config])
        self.wait_for(lambda: self.ask("GET", "/ready"), "no answer")


class Workerd(Server):
    """worker.js on the workerd of the end-to-end tests, whose namespace is behind `service`."""

    def __init__(self, folder, service, headers):
        super().__init__("workerd", folder)
        injected = ", ".join(f'(name = "{name}", value = "{value}")' for name, value in headers.items())
        (self.folder / "worker.js").write_bytes((HERE / "worker.js").read_bytes())
        (self.folder / "config.capnp").write_text(f"""
            using Workerd = import "/workerd/workerd.capnp";
            const config :Workerd.Config = (
              services = [(name = "main", worker = .worker),
                (name = "kv", external = (address = "{service}", http = (injectRequestHeaders = [{injected}])))],
              sockets = [(name = "http", address = "{self.host}:{self.port}", http = (), service = "main")]);
            const worker :Workerd.Worker = (modules = [(name = "worker.js", esModule = embed "worker.js")],
              compatibilityDate = "2026-06-01", bindings = [(name = "KV", kvNamespace = "kv")]);
            """)
        self.run([E2E / "run", "--workerd", "serve", "config.capnp"], cwd=self.folder)
        self.wait_for(lambda: self.ask("PUT", "/hot", b"v" * 288), "no answer")


class Miniflare(Server):
    """The same Worker over miniflare's own KV, which keeps its data on disk and syncs nothing."""

    def __init__(self, folder):
        super().__init__("miniflare", folder)
        node = next((E2E / "node_modules").glob("node-linux-*/bin/node"))
        self.run([node, HERE / "miniflare.mjs", self.port, self.folder / "data"])
        self.wait_for(lambda: self.ask("PUT", "/hot", b"v" * 288), "no answer")


class Etcd(Server):
    """One member, asked through its JSON gateway."""

    def __init__(self, folder):
        super().__init__("etcd", folder)
        peer = f"http://{self.host}:{free_port()}"
        client = f"http://{self.host}:{self.port}"
        self.run(["etcd", "--data-dir", self.folder / "data", "--listen-client-urls", client, "--advertise-client-urls",
                  client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
                  f"default={peer}", "--log-level", "error", "--quota-backend-bytes", str(4 << 30)])
        self.wait_for(lambda: b"true" in self.ask("GET", "/health"), "not healthy")

    @staticmethod
    def put_body(key, value):
        """`key` is sent as the base64 of some bytes, so that a load generator may count in it."""
        return json.dumps({"key": key, "value": base64.b64encode(value).decode()}).encode()


class Webdis(Server):
    """HTTP before a redis that syncs its log before it answers."""

    def __init__(self, folder):
        super().__init__("webdis with redis", folder)
        redis_port = free_port()
        self.run(["redis-server", "--port", redis_port, "--bind", self.host, "--dir", self.folder, "--appendonly", "yes",
                  "--appendfsync", "always", "--save", "", "--daemonize", "no"])
        self.wait_for(lambda: socket.create_connection((self.host, redis_port), 1).close() or True, "redis")
        config = self.folder / "webdis.json"
        config.write_text(json.dumps({
            "redis_host": self.host, "redis_port": redis_port, "http_host": self.host, "http_port": self.port,
            "threads": 1, "pool_size": 20, "daemonize": False, "verbosity": 0, "logfile": "/dev/null",
            "http_max_request_size": 1 << 26, "acl": [{"disabled": []}]}))
        self.run(["webdis", config], cwd=self.folder)  # for it writes a log where it stands
        self.wait_for(lambda: self.ask("GET", "/PING"), "no answer to PING")
