"""The package under a systemd of its own: installed, hardened, reloaded, restarted and upgraded while somebody asks without
pause, removed, purged.

    systemd.py ROOT PACKAGE

ROOT is a Debian with systemd and what the package needs, without the package. Where no systemd can be run it says why and
exits with 77.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

here = Path(__file__).resolve().parent
root, package = Path(sys.argv[1]), Path(sys.argv[2])
TOKEN_FILE = "/var/lib/cubby/admin-token"
path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
namespaces = ["--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup"]

# Asks without pause, each time on a new connection, until it is told to end; then says what it was answered.
ASKING = """
import socket, sys, threading
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
answered = 0
while not ended.is_set():
    with socket.create_connection(("127.0.0.1", 8484), timeout=60) as stream:
        stream.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
        line = stream.makefile("rb").readline()
        assert line.startswith(b"HTTP/1.1 200 "), line
    answered += 1
    if answered == 1:
        print("asking", flush=True)
print(answered)
"""


class Machine:
    """A booted root. `run` is a command in it, as root; its output."""

    def __init__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.parent = subprocess.Popen(["unshare", "--fork", "--kill-child", *namespaces, here / "boot", root], env=path,
                                       stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        self.first = None

    def enter(self):
        if self.first is None:
            children = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children").read_text().split()
            self.first = children[0] if children else None
        return ["nsenter", "--target", self.first or "none", *namespaces]

    def run(self, *command, check=True):
        done = subprocess.run([*self.enter(), *command], env=path, capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def is_at_its_root(self):
        """Before that, what is asked in its namespaces is asked of this machine."""
        self.enter()
        try:
            return self.first is not None and os.path.samefile(f"/proc/{self.first}/root", root)
        except FileNotFoundError:
            return False

    def boot(self):
        """Why it does not come up, or nothing."""
        until = time.monotonic() + 60
        while self.parent.poll() is None and time.monotonic() < until:
            # Waits for the end of the start; until systemd listens it fails at once.
            if self.is_at_its_root() and self.run("systemctl", "is-system-running", "--wait", check=False) in ("running", "degraded"):
                return None
        self.log.seek(0)
        return self.log.read().strip().splitlines()[-1:] or ["it ended without a word"]

    def end(self):
        self.parent.kill()  # and with it all that it has begun
        self.parent.wait()


class Asking:
    """Somebody who asks without pause while this lasts."""

    def __init__(self, machine):
        # In its network, and otherwise out here, where there is a Python.
        self.client = subprocess.Popen(["nsenter", "--target", machine.first, "--net", sys.executable, "-c", ASKING],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        assert self.client.stdout.readline() == "asking\n", self.client.stderr.read()

    def __exit__(self, *failure):
        said, complaints = self.client.communicate(timeout=120)
        assert self.client.returncode == 0, complaints
        assert int(said) > 1


def settings(machine, *lines):
    """Adds lines to the settings of the package."""
    (root / "etc/cubby/cubby.toml").open("a").write("".join(f"{line}\n" for line in lines))
    machine.run("systemctl", "restart", "cubby")


def cubby(machine, *arguments):
    return machine.run("env", "CLOUDFLARE_API_BASE_URL=http://127.0.0.1:8484", "cubby", *arguments, "--token-file", TOKEN_FILE)


def later_package():
    """The package with a later version, and nothing else."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["dpkg-deb", "-R", package, f"{work}/unpacked"], check=True)
        control = Path(f"{work}/unpacked/DEBIAN/control")
        control.write_text(control.read_text().replace("Version: ", "Version: 1:"))
        subprocess.run(["dpkg-deb", "-b", f"{work}/unpacked", root / "later.deb"], check=True, stdout=subprocess.DEVNULL)
    return "/later.deb"


def live(machine):
    shutil.copy(package, root / "cubby.deb")
    machine.run("dpkg", "-i", "/cubby.deb")
    assert machine.run("systemctl", "is-active", "cubby.service", "cubby.socket", "cubby-binding.socket") == "active\n" * 2 + "active"
    print(f"installed and started, exposure {machine.run('systemd-analyze', 'security', 'cubby').splitlines()[-1].split(': ')[1]}")

    with Asking(machine):
        for _ in range(3):
            machine.run("systemctl", "restart", "cubby")
    print("restarted three times, and nobody was refused")

    # What the settings of the package propose lies where the service may write.
    settings(machine, 'backup-dir = "/var/lib/cubby-backups"', 'audit-log = "/var/log/cubby/audit.jsonl"')
    cubby(machine, "account", "create", "one")
    assert json.loads(cubby(machine, "backup", "create", "--json"))["id"] == 1
    log = root / "var/log/cubby/audit.jsonl"
    moved = log.with_suffix(".1")
    log.rename(moved)
    main = machine.run("systemctl", "show", "--property=MainPID", "cubby")
    machine.run("systemctl", "reload", "cubby")
    until = time.monotonic() + 60
    while not log.exists():
        assert time.monotonic() < until, "the audit log does not go on in a new file"
        cubby(machine, "account", "create", "another")
    assert machine.run("systemctl", "show", "--property=MainPID", "cubby") == main
    print("made a backup, and reloaded: the audit log goes on in a new file")

    package_later = later_package()
    with Asking(machine):
        machine.run("dpkg", "-i", "--force-confold", package_later)
    assert machine.run("systemctl", "is-active", "cubby") == "active"
    assert '"one"' in cubby(machine, "account", "list")
    assert machine.run("systemctl", "show", "--property=MainPID", "cubby") != main
    print("upgraded, nobody was refused, and the data is there")

    machine.run("dpkg", "-P", "cubby")
    assert machine.run("systemctl", "is-active", "cubby.socket", check=False) != "active"
    left = [name for name in ("var/lib/cubby", "var/log/cubby", "etc/cubby") if (root / name).exists()]
    assert left == [], left
    assert (root / "var/lib/cubby-backups").exists()
    print("purged; backups are kept")


machine = Machine()
try:
    problem = machine.boot()
    if problem:
        print(f"no systemd can be run here: {problem[0]}")
        sys.exit(77)
    live(machine)
finally:
    machine.end()
