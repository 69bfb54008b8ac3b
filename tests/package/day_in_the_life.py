"""A day in the life of an operator, with the installed package: a token for wrangler, a hundred thousand keys copied in from
another server, exported and imported, a backup under load, a server that is killed, a restore, a comparison, a new token for the
old one, an upgrade.

    day_in_the_life.py ROOT PACKAGE

ROOT has the package installed. Prints a figure a line.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from packaged import PackagedServer

KEYS = 100_000
BULK = 10_000
here = Path(__file__).resolve().parent
root, package = sys.argv[1], Path(sys.argv[2])
backups, data, account = "/var/lib/cubby-backups", "/var/lib/cubby", "0123456789abcdef0123456789abcdef"


def figure(what, seconds, count=None):
    print(f"{what}: {seconds:.1f} s" + (f", {count / seconds:,.0f}/s" if count else ""))


def timed(work):
    begin = time.monotonic()
    result = work()
    return time.monotonic() - begin, result


def ask(origin, token, method, path, body=None):
    request = urllib.request.Request(origin + path, method=method, headers={"Authorization": f"Bearer {token}"},
                                     data=body if body is None or isinstance(body, bytes) else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def result(*call):
    return json.loads(ask(*call))["result"]


def status(*call):
    try:
        ask(*call)
        return 200
    except urllib.error.HTTPError as error:
        return error.code


def namespaces_of(account_id):
    return f"/client/v4/accounts/{account_id}/storage/kv/namespaces"


class OtherServer:
    """The server that the keys come from: the same program outside of the package's root."""

    token = "cubby-other_0123456789-ABCDEFGHIJKLMNOPQ"

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [here.parent.parent / "build/release/cubby", "serve", "--data-dir", folder, "--account-id", account,
             "--listen", "127.0.0.1:0", "--binding-listen", "none"],
            stdout=subprocess.PIPE, text=True, env={"CUBBY_ADMIN_TOKEN": self.token})
        self.origin = next(line.split()[1] for line in self.process.stdout if line.startswith("api "))

    def filled(self):
        """The id of a namespace with all kinds of pairs."""
        id = result(self.origin, self.token, "POST", namespaces_of(account), {"title": "production"})["id"]
        expiration = int(time.time()) + 86_400
        for first in range(0, KEYS, BULK):
            pairs = [{"key": f"user:{n:06d}", "value": f"value of {n} " + "v" * (n % 500)} for n in range(first, first + BULK)]
            for n, pair in enumerate(pairs):
                if n % 3 == 0:
                    pair["metadata"] = {"n": n}
                if n % 5 == 0:
                    pair["expiration"] = expiration
            result(self.origin, self.token, "PUT", f"{namespaces_of(account)}/{id}/bulk", pairs)
        return id


class Writer(threading.Thread):
    """Puts one key after the other until it is told to end; `acknowledged` are those that were answered."""

    def __init__(self, origin, token, path):
        super().__init__()
        self.call = (origin, token, "PUT")
        self.path = path
        self.acknowledged = []
        self.ends = threading.Event()

    def run(self):
        while not self.ends.is_set():
            key = f"live:{len(self.acknowledged):06d}"
            ask(*self.call, f"{self.path}/values/{key}", key.encode())
            self.acknowledged.append(key)


def wrangler(origin, account_id, token, *arguments):
    home = Path(work) / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "CI": "1", "NO_COLOR": "1", "WRANGLER_SEND_METRICS": "false",
                   "WRANGLER_HIDE_BANNER": "true", "CLOUDFLARE_API_BASE_URL": f"{origin}/client/v4",
                   "CLOUDFLARE_ACCOUNT_ID": account_id, "CLOUDFLARE_API_TOKEN": token}
    return subprocess.run([here.parent / "e2e/run", "--wrangler", "kv", *arguments], cwd=home, env=environment, check=True,
                          capture_output=True, text=True, timeout=120).stdout


def token_file(name, token):
    path = Path(work) / f"{name}.token"
    path.write_text(token)
    path.chmod(0o600)
    return path


def cubby(*arguments):
    return subprocess.run([f"{root}/usr/bin/cubby", *arguments], cwd=work, env={"HOME": work}, check=True, capture_output=True,
                          text=True, timeout=300)


def copy(other, other_id, server, id, token, *flags):
    return cubby("copy", "--from-base-url", f"{other.origin}/client/v4", "--from-token-file", token_file("other", other.token),
                 "--from-namespace-id", other_id, "--to-base-url", f"{server.origin}/client/v4",
                 "--to-token-file", token_file("ours", token), "--to-namespace-id", id, *flags)


def at(server, name, token):
    return "--base-url", f"{server.origin}/client/v4", "--token-file", token_file(name, token)


def upgraded_package():
    """The package with a later version, and nothing else."""
    unpacked = Path(work) / "unpacked"
    subprocess.run(["dpkg-deb", "-R", package, unpacked], check=True)
    control = unpacked / "DEBIAN/control"
    control.write_text(control.read_text().replace("Version: ", "Version: 1:"))
    later = Path(root) / "later.deb"
    subprocess.run(["dpkg-deb", "-b", unpacked, later], check=True, stdout=subprocess.DEVNULL)
    return "/later.deb"


def live_a_day(server, other):
    admin = Path(f"{root}{data}/admin-token").read_text().strip()
    ours = result(server.origin, admin, "GET", "/client/v4/accounts")[0]["id"]
    path = namespaces_of(ours)

    token = result(server.origin, admin, "POST", "/cubby/v1/tokens", {"name": "wrangler", "right": "write"})["token"]
    wrangler(server.origin, ours, token, "namespace", "create", "production")
    id = result(server.origin, token, "GET", path)[0]["id"]
    wrangler(server.origin, ours, token, "key", "put", "greeting", "hello", "--namespace-id", id, "--remote")
    assert wrangler(server.origin, ours, token, "key", "get", "greeting", "--text", "--namespace-id", id, "--remote").strip() == "hello"
    ask(server.origin, token, "DELETE", f"{path}/{id}/values/greeting")

    other_id = other.filled()
    seconds, _ = timed(lambda: copy(other, other_id, server, id, token))
    figure("copy of 100,000 keys", seconds, KEYS)
    seconds, compared = timed(lambda: copy(other, other_id, server, id, token, "--verify-only"))
    assert compared.stdout == "", compared.stdout
    figure("comparison of 100,000 keys", seconds, KEYS)

    seconds, _ = timed(lambda: cubby("export", "production.jsonl", "--namespace-id", id, *at(server, "ours", token)))
    figure("export of 100,000 keys", seconds, KEYS)
    imported = result(server.origin, token, "POST", path, {"title": "imported"})["id"]
    seconds, _ = timed(lambda: cubby("import", "production.jsonl", "--namespace-id", imported, *at(server, "ours", token)))
    figure("import of 100,000 keys", seconds, KEYS)
    assert copy(other, other_id, server, imported, token, "--verify-only").stdout == ""

    live = result(server.origin, token, "POST", path, {"title": "live"})["id"]
    writer = Writer(server.origin, token, f"{path}/{live}")
    writer.start()
    while len(writer.acknowledged) < 10:
        assert writer.is_alive()
    written_before = len(writer.acknowledged)
    seconds, _ = timed(lambda: cubby("backup", "create", *at(server, "admin", admin)))
    figure("backup under load", seconds, 2 * KEYS)
    writer.ends.set()
    writer.join()

    server.kill()
    shutil.move(f"{root}{data}", f"{root}{data}.lost")
    subprocess.run(["install", "-d", "-m", "0700", "-o", server.user[2], "-g", server.user[3], f"{root}{data}"], check=True)
    assert server.run("/usr/bin/cubby", "backup", "verify", "--backup-dir", backups) == "0 damaged\n"
    seconds, _ = timed(lambda: server.run("/usr/bin/cubby", "restore", "--backup-dir", backups, "--data-dir", data))
    figure("restore", seconds, 2 * KEYS)
    seconds, _ = timed(server.start)
    figure("start after it", seconds)
    assert copy(other, other_id, server, id, token, "--verify-only").stdout == ""
    for key in writer.acknowledged[:written_before]:
        assert ask(server.origin, token, "GET", f"{path}/{live}/values/{key}") == key.encode()

    tokens = {each["name"]: each["id"] for each in result(server.origin, admin, "GET", "/cubby/v1/tokens")}
    rotated = result(server.origin, admin, "POST", "/cubby/v1/tokens", {"name": "wrangler 2", "right": "write"})["token"]
    result(server.origin, admin, "DELETE", f"/cubby/v1/tokens/{tokens['wrangler']}")
    assert status(server.origin, token, "GET", path) == 403
    assert status(server.origin, rotated, "GET", path) == 200

    server.stop()
    subprocess.run(["chroot", root, "dpkg", "-i", "--force-confold", upgraded_package()], check=True, capture_output=True)
    installed = subprocess.run(["chroot", root, "dpkg-query", "-W", "-f", "${Version}", "cubby"], check=True, capture_output=True, text=True)
    assert installed.stdout.startswith("1:"), installed.stdout
    waiting = threading.Thread(target=lambda: answers.append(status(server.origin, rotated, "GET", path)))
    answers = []
    waiting.start()  # while nobody serves
    server.start()
    waiting.join()
    assert answers == [200]
    assert copy(other, other_id, server, id, rotated, "--verify-only").stdout == ""
    server.stop()


with tempfile.TemporaryDirectory() as work:
    server = PackagedServer(root, "--backup-dir", backups)
    subprocess.run(["install", "-d", "-m", "0700", "-o", server.user[2], "-g", server.user[3], f"{root}{backups}"], check=True)
    other = OtherServer(f"{work}/other")
    try:
        server.start()
        live_a_day(server, other)
    finally:
        server.kill()
        other.process.terminate()
        other.process.wait()
        shutil.rmtree(f"{root}{data}.lost", ignore_errors=True)
