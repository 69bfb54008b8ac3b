"""The packaged server behind a socket of its parent: while it restarts, a client waits and is answered.

    sockets.py ROOT
"""

import socket
import sys
import urllib.request

from packaged import PackagedServer

server = PackagedServer(sys.argv[1])
try:
    server.start()
    assert urllib.request.urlopen(f"{server.origin}/healthz", timeout=20).read() == b"ok\n"
    server.stop()
    waiting = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    server.start()
    assert waiting.recv(100).startswith(b"HTTP/1.1 200 ")
    server.stop()
finally:
    server.kill()
