"""What is measured: the contests, each one server under one load, and the rows that compare two of them."""

import json
import os
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from load import Uploads, baseline, send_each, wrk
from servers import Cubby, Etcd, Miniflare, Nginx, Webdis, Workerd

MIB = 1024 * 1024
VALUE_BYTES = 288  # Cloudflare's published median
HOT_KEYS = 1000
LISTED_KEYS = 10_000
BULK_PAIRS = 10_000
IDLE_CONNECTIONS = 2000
UPLOADS_AT_ONCE = 100


def bulk_body(first, count, value="v" * VALUE_BYTES):
    return json.dumps([{"key": f"{number:09d}", "value": value} for number in range(first, first + count)]).encode()


class Lab:
    """The servers, started when they are first needed, and what they hold."""

    def __init__(self, build, scratch, tmpfs, settings):
        self.binary = build / "cubby"
        self.baselines = build / "bench_baselines"
        self.scratch = Path(scratch)
        self.tmpfs = Path(tmpfs)
        self.settings = settings
        self.servers = ExitStack()
        self.written = 0  # keys that were put; each measurement puts new ones
        self.value = self.file("value", os.urandom(VALUE_BYTES))
        self.large = {size: self.file(f"value-{size}", os.urandom(size * MIB)) for size in (1, 25)}

    def file(self, name, content):
        path = self.tmpfs / name
        path.write_bytes(content)
        return path

    def started(self, server):
        self.servers.callback(server.stop)
        return server

    def fresh_folder(self, name):
        self.written += 1
        return self.scratch / f"{name}-{self.written}"

    def next_keys(self):
        """The number of the first of many keys that nobody has put."""
        self.written += 1
        return self.written * 1_000_000

    @cached_property
    def cubby(self):
        return self.started(Cubby(self.scratch / "cubby", self.binary))

    @cached_property
    def store(self):
        """The path of a namespace with the hot value, the large ones and the keys to list."""
        path = self.cubby.new_namespace("bench")
        self.cubby.ask("PUT", f"{path}/values/hot", self.value.read_bytes())
        for size, file in self.large.items():
            self.cubby.ask("PUT", f"{path}/values/large-{size}", file.read_bytes())
        return path

    @cached_property
    def listed(self):
        return self.filled("listed", LISTED_KEYS)

    @cached_property
    def crowded_cubby(self):
        return self.started(Cubby(self.scratch / "crowded", self.binary))

    @cached_property
    def crowded(self):
        path = self.filled("crowded", self.settings.crowd, self.crowded_cubby)
        self.crowded_cubby.wait_until_idle()
        return path

    def filled(self, title, count, server=None):
        server = server or self.cubby
        path = server.new_namespace(title)
        for first in range(0, count, BULK_PAIRS):
            server.ask("PUT", f"{path}/bulk", bulk_body(first, min(BULK_PAIRS, count - first)))
        return path

    def _nginx(self, name, sendfile):
        server = self.started(Nginx(self.scratch / name, files=self.tmpfs / name, sendfile=sendfile))
        for source in (self.value, *self.large.values()):
            (server.files / source.name).write_bytes(source.read_bytes())
        return server

    @cached_property
    def nginx_sendfile(self):
        return self._nginx("nginx-sendfile", True)

    @cached_property
    def nginx_plain(self):
        return self._nginx("nginx-plain", False)

    @cached_property
    def nginx_dav(self):
        return self.started(Nginx(self.scratch / "nginx-dav", files=self.scratch / "nginx-dav-files", sendfile=False))

    @cached_property
    def worker(self):
        headers = {"authorization": f"Bearer {self.cubby.token}", "cubby-namespace": self.store.rpartition("/")[2]}
        return self.started(Workerd(self.scratch / "worker", self.cubby.binding, headers))

    @cached_property
    def worker_constant(self):
        service = self.started(Nginx(self.scratch / "constant", files=self.tmpfs, constant="v" * VALUE_BYTES))
        return self.started(Workerd(self.scratch / "worker-constant", f"{service.host}:{service.port}", {}))

    @cached_property
    def miniflare(self):
        return self.started(Miniflare(self.scratch / "miniflare"))

    @cached_property
    def etcd(self):
        server = self.started(Etcd(self.scratch / "etcd"))
        server.ask("POST", "/v3/kv/put", Etcd.put_body("aG90", self.value.read_bytes()))
        return server

    @cached_property
    def webdis(self):
        server = self.started(Webdis(self.scratch / "webdis"))
        server.ask("PUT", "/SET/hot", self.value.read_bytes())
        return server

    def load(self, server, target, **more):
        return wrk(server, target, seconds=self.settings.seconds, **more).figures()


# ---- Contests: a lab in, figures out

def put_large(lab, server, target, after_each=lambda _: None):
    body = lab.large[25].read_bytes()
    count = lab.settings.large_puts
    taken = send_each(server, "PUT", [target.format(lab.next_keys()) for _ in range(count)], body, after_each)
    return {"megabytes_per_second": count * len(body) / 1e6 / sum(taken)}


def put_large_nginx(lab):
    def sync(target):
        handle = os.open(lab.nginx_dav.files / target.lstrip("/"), os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    return put_large(lab, lab.nginx_dav, "/large-{}", sync)


def put_worker(lab, server):
    return lab.load(server, "/{n}", method="PUT", body=lab.value, first=lab.next_keys())


def put_etcd(lab):
    body = lab.file("etcd-put", Etcd.put_body("key/{n}", lab.value.read_bytes()).replace(b"key/{n}", b"key{n}"))
    return lab.load(lab.etcd, "/v3/kv/put", method="POST", body=body, first=lab.next_keys())


def bulk_cubby(lab):
    taken = {"new": [], "overwritten": []}
    for _ in range(lab.settings.bulks):
        body = bulk_body(lab.next_keys(), BULK_PAIRS)
        for kind in taken:
            taken[kind] += send_each(lab.cubby, "PUT", [f"{lab.store}/bulk"], body)
    return {kind: BULK_PAIRS / sorted(seconds)[len(seconds) // 2] for kind, seconds in taken.items()}


def list_cubby(lab):
    load = wrk(lab.cubby, f"{lab.listed}/keys?limit=1000", seconds=lab.settings.seconds, connections=8)
    return {"keys_per_cpu_second": 1000 * load.requests / load.cpu_seconds}


def crowd(lab, server, path):
    get = wrk(server, f"{path}/values/{{n}}", seconds=lab.settings.seconds, modulo=HOT_KEYS)
    listing = wrk(server, f"{path}/keys?limit=1000", seconds=lab.settings.seconds, connections=8)
    return {"get_us": get.cpu_us, "list_us": listing.cpu_us}


def quiet_and_busy(lab):
    """The 99th percentile of a hot GET at about half of what one core does, quiet and with uploads."""
    def half_load():
        return wrk(lab.cubby, f"{lab.store}/values/hot", seconds=lab.settings.seconds, delay_ms=2)
    quiet = half_load()
    with Uploads(lab.cubby, lab.store, lab.large[25].read_bytes(), connections=2):
        busy = half_load()
    return {"quiet_us": quiet.p99_us, "busy_us": busy.p99_us, "rate": quiet.rate}


def memory(lab):
    """Of a server with nothing but a hot value: idle, and what each of many idle connections adds."""
    server = Cubby(lab.fresh_folder("memory"), lab.binary)
    connections = []
    try:
        path = server.new_namespace("bench")
        server.ask("PUT", f"{path}/values/hot", lab.value.read_bytes())
        idle = server.resident_bytes()
        head = f"GET {path}/values/hot HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()
        for _ in range(IDLE_CONNECTIONS):
            connection = socket.create_connection((server.host, server.port), 10)
            connection.sendall(head)
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("no 200")
            connections.append(connection)
        grown = server.resident_bytes() - idle
        return {"idle_megabytes": idle / 1e6, "connection_kibibytes": grown / IDLE_CONNECTIONS / 1024}
    finally:
        for connection in connections:
            connection.close()
        server.stop()


def many_uploads(lab):
    """What 100 uploads of 25 MiB at once add to the memory of a server."""
    server = Cubby(lab.fresh_folder("uploads"), lab.binary)
    try:
        path = server.new_namespace("bench")
        server.ask("PUT", f"{path}/values/hot", lab.value.read_bytes())
        idle = server.resident_bytes()
        body = lab.large[25].read_bytes()
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as clients:
            begin = time.monotonic()
            list(clients.map(lambda n: send_each(server, "PUT", [f"{path}/values/{n}"], body), range(UPLOADS_AT_ONCE)))
            taken = time.monotonic() - begin
        return {"mebibytes": (server.peak_resident_bytes() - idle) / MIB, "seconds": taken}
    finally:
        server.stop()


def starts(lab):
    """Until the first answer of a server with much in its log: after a kill, and after a clean stop."""
    folder = lab.fresh_folder("starts")
    server = Cubby(folder, lab.binary)
    lab.filled("starts", lab.settings.start_keys, server)
    server.kill()
    taken = []
    for _ in range(2):
        begin = time.monotonic()
        server = Cubby(folder, lab.binary)
        taken.append(time.monotonic() - begin)
        server.stop()
    return {"after_kill": taken[0], "after_stop": taken[1]}


def console(lab):
    """The console in Debian's Chromium, as its own tests see it: until keys and a value are drawn; what is loaded."""
    tests = Path(__file__).resolve().parent.parent / "tests/console"
    flags = "--test-name-pattern=first.view --test-name-pattern=script.and.style"
    run = subprocess.run([tests / "run", "look.test.js"], capture_output=True, text=True, timeout=300,
                         env={**os.environ, "CUBBY_BINARY": str(lab.binary), "NODE_TEST_FLAGS": flags, "CUBBY_E2E_SHOW": "1"})
    found = {name: re.search(pattern, run.stdout) for name, pattern in
             {"first_view_ms": r"first view: (\d+) ms", "kibibytes": r"script and style: (\d+) bytes"}.items()}
    if not all(found.values()):
        raise RuntimeError(f"the console's tests told no figures:\n{run.stdout[-2000:]}")
    return {"first_view_ms": float(found["first_view_ms"][1]), "kibibytes": int(found["kibibytes"][1]) / 1024}


CONTESTS = {
    "Cubby GET": lambda lab: lab.load(lab.cubby, f"{lab.store}/values/hot"),
    "nginx GET, sendfile": lambda lab: lab.load(lab.nginx_sendfile, "/value"),
    "nginx GET": lambda lab: lab.load(lab.nginx_plain, "/value"),
    "Cubby constant": lambda lab: lab.load(lab.cubby, "/healthz"),
    "Cubby constant, alone": lambda lab: lab.load(lab.cubby, "/healthz", connections=1),
    "etcd GET": lambda lab: lab.load(lab.etcd, "/v3/kv/range", method="POST",
                                     body=lab.file("etcd-get", b'{"key":"aG90"}')),
    "webdis GET": lambda lab: lab.load(lab.webdis, "/GET/hot"),
    "Worker get": lambda lab: lab.load(lab.worker, "/hot"),
    "Worker get, constant": lambda lab: lab.load(lab.worker_constant, "/hot"),
    "miniflare get": lambda lab: lab.load(lab.miniflare, "/hot"),
    "Worker put": lambda lab: put_worker(lab, lab.worker),
    "Worker put, constant": lambda lab: put_worker(lab, lab.worker_constant),
    "miniflare put": lambda lab: put_worker(lab, lab.miniflare),
    "Cubby GET 1 MiB": lambda lab: lab.load(lab.cubby, f"{lab.store}/values/large-1", connections=8),
    "nginx GET 1 MiB": lambda lab: lab.load(lab.nginx_plain, "/value-1", connections=8),
    "Cubby GET 25 MiB": lambda lab: lab.load(lab.cubby, f"{lab.store}/values/large-25", connections=4),
    "nginx GET 25 MiB": lambda lab: lab.load(lab.nginx_plain, "/value-25", connections=4),
    "Cubby PUT": lambda lab: lab.load(lab.cubby, f"{lab.store}/values/{{n}}", method="PUT", body=lab.value,
                                      first=lab.next_keys()),
    "RocksDB put": lambda lab: baseline(lab.baselines, "put", lab.fresh_folder("rocksdb"), 64, lab.settings.seconds,
                                        VALUE_BYTES),
    "etcd PUT": put_etcd,
    "webdis PUT": lambda lab: lab.load(lab.webdis, "/SET/{n}", method="PUT", body=lab.value, first=lab.next_keys()),
    "Cubby PUT, alone": lambda lab: lab.load(lab.cubby, f"{lab.store}/values/{{n}}", method="PUT", body=lab.value,
                                             first=lab.next_keys(), connections=1),
    "RocksDB put, alone": lambda lab: baseline(lab.baselines, "put", lab.fresh_folder("rocksdb"), 1,
                                               lab.settings.seconds, VALUE_BYTES),
    "fdatasync": lambda lab: baseline(lab.baselines, "fdatasync", lab.fresh_folder("synced"), lab.settings.seconds,
                                      VALUE_BYTES),
    "Cubby PUT 25 MiB": lambda lab: put_large(lab, lab.cubby, lab.store + "/values/large-{}"),
    "nginx PUT 25 MiB": put_large_nginx,
    "Cubby bulk": bulk_cubby,
    "RocksDB batch": lambda lab: baseline(lab.baselines, "batch", lab.fresh_folder("rocksdb"), BULK_PAIRS, VALUE_BYTES,
                                          lab.settings.bulks),
    "Cubby list": list_cubby,
    "RocksDB iteration": lambda lab: baseline(lab.baselines, "iterate", lab.fresh_folder("rocksdb"), LISTED_KEYS,
                                              VALUE_BYTES, lab.settings.seconds),
    "Cubby, few keys": lambda lab: crowd(lab, lab.cubby, lab.listed),
    "Cubby, many keys": lambda lab: crowd(lab, lab.crowded_cubby, lab.crowded),
    "Cubby, quiet and busy": quiet_and_busy,
    "Cubby, memory": memory,
    "Cubby, 100 uploads": many_uploads,
    "Cubby, starts": starts,
    "Cubby, console": console,
}


# ---- Rows

@dataclass(frozen=True)
class Row:
    title: str
    ours: tuple  # contest and figure
    theirs: tuple | None
    unit: str
    goal: float | None  # none: told, not judged
    is_most: bool = False  # whether the goal is the most that is good, or the least
    is_difference: bool = False

    @property
    def contests(self):
        return {each[0] for each in (self.ours, self.theirs) if each}

    def compared(self, ours, theirs):
        if theirs is None:
            return ours
        return ours - theirs if self.is_difference else ours / theirs

    def is_met(self, value):
        return value <= self.goal if self.is_most else value >= self.goal


def at_most(title, ours, theirs, unit, goal, **more):
    return Row(title, ours, theirs, unit, goal, is_most=True, **more)


ROWS = [
    at_most("hot GET, CPU, vs nginx file with sendfile", ("Cubby GET", "cpu_us"), ("nginx GET, sendfile", "cpu_us"), "µs", 0.7),
    at_most("hot GET, CPU, vs nginx file without sendfile", ("Cubby GET", "cpu_us"), ("nginx GET", "cpu_us"), "µs", 0.9),
    at_most("hot GET, CPU, vs a constant answer of Cubby", ("Cubby GET", "cpu_us"), ("Cubby constant", "cpu_us"), "µs", 1.2),
    Row("hot GET, throughput, vs nginx file with sendfile", ("Cubby GET", "rate"), ("nginx GET, sendfile", "rate"), "/s", None),
    Row("GET of 1 MiB vs nginx", ("Cubby GET 1 MiB", "gigabytes_per_second"), ("nginx GET 1 MiB", "gigabytes_per_second"),
        "GB/s", 0.8),
    Row("GET of 25 MiB vs nginx", ("Cubby GET 25 MiB", "gigabytes_per_second"),
        ("nginx GET 25 MiB", "gigabytes_per_second"), "GB/s", 0.8),
    Row("durable PUT, 64 connections, vs bare RocksDB, 64 threads", ("Cubby PUT", "rate"), ("RocksDB put", "rate"), "/s", 1.0),
    at_most("durable PUT, one connection, median, over bare RocksDB", ("Cubby PUT, alone", "p50_us"),
            ("RocksDB put, alone", "p50_us"), "µs", 60, is_difference=True),
    Row("the same over a bare fdatasync", ("Cubby PUT, alone", "p50_us"), ("fdatasync", "p50_us"), "µs", None,
        is_difference=True),
    at_most("a constant answer, one connection, median", ("Cubby constant, alone", "p50_us"), None, "µs", None),
    Row("PUT of 25 MiB vs nginx DAV with fsync", ("Cubby PUT 25 MiB", "megabytes_per_second"),
        ("nginx PUT 25 MiB", "megabytes_per_second"), "MB/s", 0.8),
    Row("bulk put of 10,000 new pairs vs one RocksDB batch", ("Cubby bulk", "new"), ("RocksDB batch", "new"), "pairs/s", 0.5),
    Row("bulk put of 10,000 old pairs vs one RocksDB batch", ("Cubby bulk", "overwritten"), ("RocksDB batch", "overwritten"),
        "pairs/s", 0.25),
    Row("list of 1,000 keys vs RocksDB iteration", ("Cubby list", "keys_per_cpu_second"),
        ("RocksDB iteration", "keys_per_cpu_second"), "keys/CPU s", 0.5),
    at_most("hot GET among many keys vs among 10,000, CPU", ("Cubby, many keys", "get_us"), ("Cubby, few keys", "get_us"),
            "µs", 1.2),
    at_most("list of 1,000 among many keys vs among 10,000, CPU", ("Cubby, many keys", "list_us"),
            ("Cubby, few keys", "list_us"), "µs", 1.2),
    Row("a Worker's get vs the same over a constant service", ("Worker get", "rate"), ("Worker get, constant", "rate"),
        "/s", 0.9),
    Row("a Worker's put vs the same over a constant service", ("Worker put", "rate"), ("Worker put, constant", "rate"),
        "/s", None),
    Row("a Worker's get vs miniflare's own KV", ("Worker get", "rate"), ("miniflare get", "rate"), "/s", 2),
    Row("a Worker's put vs miniflare's own KV, not durable", ("Worker put", "rate"), ("miniflare put", "rate"), "/s", 3),
    Row("durable PUT vs etcd", ("Cubby PUT", "rate"), ("etcd PUT", "rate"), "/s", 2.5),
    Row("hot GET vs etcd", ("Cubby GET", "rate"), ("etcd GET", "rate"), "/s", 10),
    Row("durable PUT vs webdis with redis", ("Cubby PUT", "rate"), ("webdis PUT", "rate"), "/s", 2),
    Row("hot GET vs webdis with redis", ("Cubby GET", "rate"), ("webdis GET", "rate"), "/s", 2),
    at_most("p99 of hot GET, half load, with uploads vs quiet", ("Cubby, quiet and busy", "busy_us"),
            ("Cubby, quiet and busy", "quiet_us"), "µs", 5),
    at_most("resident memory, idle", ("Cubby, memory", "idle_megabytes"), None, "MB", 40),
    at_most("resident memory of an idle connection", ("Cubby, memory", "connection_kibibytes"), None, "KiB", 10),
    at_most("resident memory above idle, 100 uploads of 25 MiB at once", ("Cubby, 100 uploads", "mebibytes"), None, "MiB", 256),
    at_most("start after a clean stop", ("Cubby, starts", "after_stop"), None, "s", 1),
    at_most("start after a kill", ("Cubby, starts", "after_kill"), None, "s", 3),
    at_most("the console's first view, in Chromium", ("Cubby, console", "first_view_ms"), None, "ms", 1000),
    at_most("the console's script and style, compressed", ("Cubby, console", "kibibytes"), None, "KiB", 150),
]
