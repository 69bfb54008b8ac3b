"""The packaged server as systemd runs it: its socket opened by a parent, the program in a root directory, as its user."""

import os
import signal
import socket
import subprocess


class PackagedServer:
    """Listens from the first moment on; serves between start() and stop() or kill()."""

    def __init__(self, root, *flags, environment=None):
        self.root = root
        self.flags = flags
        self.environment = environment or {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.set_inheritable(True)
        self.port = self.listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        users = (line.split(":") for line in open(f"{root}/etc/passwd"))
        self.user = next(user for user in users if user[0] == "cubby")
        self.process = None

    def enter(self):
        """What a child does to be in the root, as the server's user, with the socket where systemd puts it."""
        os.chroot(self.root)
        os.chdir("/")
        os.setgroups([])
        os.setgid(int(self.user[3]))
        os.setuid(int(self.user[2]))
        os.dup2(self.listener.fileno(), 3)  # where the server looks for it

    def start(self):
        self.process = subprocess.Popen(
            ["/usr/bin/cubby", "serve", "--config", "/etc/cubby/cubby.toml", "--binding-listen", "none", *self.flags],
            preexec_fn=self.enter, close_fds=False, stdout=subprocess.PIPE, text=True,
            env={"LISTEN_FDS": "1", "LISTEN_FDNAMES": "api", **self.environment})
        for line in self.process.stdout:
            if line.startswith("api "):
                return
        raise SystemExit("the server did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def run(self, *command):
        """The command inside, as the server's user; its output."""
        return subprocess.run(command, preexec_fn=self.enter, check=True, capture_output=True, text=True, timeout=120).stdout
