"""What systemd does for the packaged units: opens the socket, starts the server on it as its user, restarts it.

    sockets.py ROOT

While the server is down a client connects and sends its request; the next server answers it.
"""

import os
import pwd
import signal
import socket
import subprocess
import sys
import urllib.request

root = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
user = next(line.split(":") for line in open(f"{root}/etc/passwd") if line.startswith("cubby:"))


def enter():
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setgid(int(user[3]))
    os.setuid(int(user[2]))


def start():
    server = subprocess.Popen(
        ["/usr/bin/cubby", "serve", "--config", "/etc/cubby/cubby.toml", "--binding-listen", "none"],
        preexec_fn=enter, pass_fds=[3], close_fds=True, stdout=subprocess.PIPE, text=True,
        env={"LISTEN_FDS": "1", "LISTEN_FDNAMES": "api"})
    for line in server.stdout:
        if line.startswith("api "):
            return server
    raise SystemExit("the server did not start")


def stop(server):
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=30) == 0


if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3)  # where the server looks for it
server = start()
try:
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20).read() == b"ok\n"
    stop(server)
    waiting = socket.create_connection(("127.0.0.1", port), timeout=20)
    waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    server = start()
    assert waiting.recv(100).startswith(b"HTTP/1.1 200 ")
    stop(server)
finally:
    if server.poll() is None:
        server.kill()
