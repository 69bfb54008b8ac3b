"""What is done to a server, and what it cost: wrk for many small requests, one client of ours for large ones."""

import http.client
import io
import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from servers import LOAD_CORE, SERVER_CORE, BenchError

HERE = Path(__file__).parent
LARGE_BLOCK = 65536


@dataclass
class Load:
    requests: int
    seconds: float
    bytes: int
    p50_us: float
    p99_us: float
    cpu_seconds: float  # of the server

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_us(self):
        return self.cpu_seconds * 1e6 / self.requests

    def figures(self):
        return {"rate": self.rate, "cpu_us": self.cpu_us, "p50_us": self.p50_us, "p99_us": self.p99_us,
                "gigabytes_per_second": self.bytes / self.seconds / 1e9}


def wrk(server, target, *, seconds, connections=64, method="GET", body=None, first=0, modulo=0, delay_ms=0):
    """Requests on kept connections from the load's core. Any error is a failure of the measurement."""
    environment = {"PATH": os.environ["PATH"], "METHOD": method, "TARGET": target, "FIRST": str(first),
                   "MODULO": str(modulo), "DELAY_MS": str(delay_ms)}
    if server.token:
        environment["TOKEN"] = server.token
    if body:
        environment["BODY_FILE"] = str(body)
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout",
               "10s", "-s", str(HERE / "request.lua"), f"http://{server.host}:{server.port}{target.replace('{n}', '0')}"]
    before = server.cpu_seconds()
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 60)
    used = server.cpu_seconds() - before
    if ended.returncode != 0:
        raise BenchError(f"wrk on {server.name}: {ended.stderr or ended.stdout}")
    result = json.loads(ended.stdout.strip().splitlines()[-1])
    if result["failed"] or not result["requests"]:
        raise BenchError(f"{server.name} {method} {target}: {result['failed']} of {result['requests']} requests failed")
    return Load(result["requests"], result["seconds"], result["bytes"], result["p50_us"], result["p99_us"], used)


def send_each(server, method, targets, body, after_each=lambda target: None):
    """One request after the other on one connection; seconds of each, with what `after_each` takes."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=120, blocksize=LARGE_BLOCK)
    headers = {"Authorization": f"Bearer {server.token}"} if server.token else {}
    if body:
        headers["Content-Length"] = str(len(body))
    connection.connect()
    seconds = []
    for target in targets:
        begin = time.perf_counter()
        # In blocks: a thread in one long system call is not easily taken off its core.
        connection.request(method, target, io.BytesIO(body) if body else None, headers)
        response = connection.getresponse()
        answer = response.read()
        after_each(target)
        seconds.append(time.perf_counter() - begin)
        if response.status >= 300:
            raise BenchError(f"{server.name}: {method} {target}: {response.status} {answer[:300]!r}")
    connection.close()
    return seconds


class Uploads:
    """Large values put one after the other, on some connections, while the block runs."""

    def __init__(self, server, path, body, connections):
        self.server, self.path, self.body = server, path, body
        self.stopping = threading.Event()
        self.count = 0
        self.threads = [threading.Thread(target=self._put, args=(number,)) for number in range(connections)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=60)

    def _put(self, number):
        # They share a core with wrk, whose own waiting must not be taken for the server's.
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))
        while not self.stopping.is_set():
            send_each(self.server, "PUT", [f"{self.path}/values/upload-{number}"], self.body)
            self.count += 1


def baseline(binary, *arguments):
    """A run of baselines.cpp on the server's core."""
    command = ["taskset", "-c", str(SERVER_CORE), str(binary), *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if ended.returncode != 0:
        raise BenchError(f"{' '.join(command)}: {ended.stderr}")
    return json.loads(ended.stdout)
