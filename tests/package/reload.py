"""`systemctl reload cubby`, by the command that its unit has for it: a renewed certificate is served, and the audit log
that was moved away goes on in a new file, without a restart.

    reload.py ROOT
"""

import configparser
import itertools
import json
import os
import shlex
import socket
import ssl
import subprocess
import sys
import urllib.request

from packaged import PackagedServer

root = sys.argv[1]
TOKEN = "cubby-reload_0123456789-ABCDEFGHIJKLMNOP"
place = "/var/lib/cubby-reload"  # as in the root; a folder of the server's user


def command_of(unit, name):
    settings = configparser.RawConfigParser(strict=False, interpolation=None)
    settings.optionxform = str
    settings.read(f"{root}/usr/lib/systemd/system/{unit}")
    return shlex.split(settings["Service"][name])


def certify(name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                    "-subj", f"/CN={name}", "-keyout", f"{root}{place}/key.pem", "-out", f"{root}{place}/cert.pem"],
                   check=True, capture_output=True)
    for file in ("key.pem", "cert.pem"):
        os.chown(f"{root}{place}/{file}", *owner)


def presented(server):
    """The certificate that a new connection is shown."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        with trusting.wrap_socket(plain) as stream:
            return stream.getpeercert(binary_form=True)


def change(server):
    """Something that the audit log records: an account of a name that no other has."""
    body = json.dumps({"name": f"account {next(numbers)}"}).encode()
    request = urllib.request.Request(f"https://127.0.0.1:{server.port}/cubby/v1/accounts", method="POST", data=body,
                                     headers={"Authorization": f"Bearer {TOKEN}"})
    urllib.request.urlopen(request, timeout=20, context=trusting).read()


numbers = itertools.count(1)
trusting = ssl.create_default_context()
trusting.check_hostname = False
trusting.verify_mode = ssl.CERT_NONE
server = PackagedServer(root, "--data-dir", f"{place}/data", "--tls-cert", f"{place}/cert.pem", "--tls-key", f"{place}/key.pem",
                        "--audit-log", f"{place}/audit.jsonl", environment={"CUBBY_ADMIN_TOKEN": TOKEN})
owner = (int(server.user[2]), int(server.user[3]))
os.mkdir(root + place)
os.chown(root + place, *owner)
certify("first")
try:
    server.start()
    change(server)
    first = presented(server)
    certify("second")
    assert presented(server) == first, "a certificate was taken before anybody asked for it"
    log = f"{root}{place}/audit.jsonl"
    while not os.path.exists(log):
        change(server)
    os.rename(log, log + ".1")
    # systemd has $MAINPID in the environment of this command.
    subprocess.run(command_of("cubby.service", "ExecReload"), check=True, env={"MAINPID": str(server.process.pid)},
                   preexec_fn=server.enter)
    # The command does not wait; each new connection asks again.
    for _ in range(10_000):
        if presented(server) != first:
            break
    else:
        raise SystemExit("the new certificate is not served")
    for _ in range(10_000):
        change(server)
        if os.path.exists(log):
            break
    else:
        raise SystemExit("the audit log does not go on in a new file")
    assert server.process.poll() is None, "the reload ended the server"
    server.stop()
finally:
    server.kill()
