# SPDX-License-Identifier: BSD-2-Clause
"""A node of the world whose TCP/IP is the kernel's: programs, sockets, counters.

Sockets are real ones of this process that the rig made inside the node's namespace. Called by the
fixtures `peer` and `dut` (for Linux as device under test).
"""

import socket
from dataclasses import dataclass

from .net import WITHIN, quote


@dataclass
class Result:
    """What a program in a node ended with."""

    status: int
    stdout: str
    stderr: str


class Process:
    """A program that runs in a node, its output in files of the run directory."""

    def __init__(self, session, reply):
        self.session, self.name, self.pid = session, reply["name"], reply["pid"]
        self.stdout_path, self.stderr_path = reply["stdout"], reply["stderr"]
        self.status = None

    def output(self):
        with open(self.stdout_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def output_bytes(self):
        with open(self.stdout_path, "rb") as file:
            return file.read()

    def errors(self):
        with open(self.stderr_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait(self, within=300):
        """Its exit status; an error of the rig when it runs on."""
        if self.status is None:
            self.status = self.session.do(f"wait {self.name} {within:g}", within + 30)["status"]
        return self.status

    def kill(self, signal="TERM"):
        self.session.do(f"kill {self.name} {signal}")


class Node:
    """A node and its name in the topology."""

    def __init__(self, session, name, ip=None, device="eth0"):
        self.session, self.name, self.ip, self.device = session, name, ip, f"{name}.{device}"
        self._sockets = []

    # ---- programs -------------------------------------------------------------------------

    def exec(self, *argv, check=True, within=300):
        """Runs a program to its end."""
        words = " ".join(quote(word) for word in argv)
        result = Result(**{key: value for key, value in
                           self.session.do(f"exec {self.name} {words}", within).items()
                           if key in Result.__dataclass_fields__})
        if check:
            assert result.status == 0, (
                f"{words} in {self.name} ended with status {result.status}\n"
                f"{result.stdout}{result.stderr}")
        return result

    def run(self, *argv, name=None):
        """Starts a program in the background."""
        words = " ".join(quote(word) for word in argv)
        name = f" as {name}" if name else ""
        return Process(self.session, self.session.do(f"run {self.name}{name} {words}"))

    # ---- sockets --------------------------------------------------------------------------

    def socket(self, kind):
        """A Python socket in this node's namespace; kind is "tcp" or "udp"."""
        fd, _ = self.session.fd(f"socket {self.name} {kind}")
        sock = socket.socket(fileno=fd)
        sock.settimeout(WITHIN)
        self._sockets.append(sock)
        return sock

    def connect(self, ip, port, within=WITHIN):
        sock = self.socket("tcp")
        sock.settimeout(within)
        sock.connect((ip, port))
        return sock

    def listen(self, port=0, backlog=8):
        sock = self.socket("tcp")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.ip or "", port))
        sock.listen(backlog)
        return sock

    def udp(self, port=0):
        sock = self.socket("udp")
        sock.bind((self.ip or "", port))
        return sock

    # ---- state ----------------------------------------------------------------------------

    def sysctl(self, name, value):
        self.session.do(f"sysctl {self.name} {quote(f'{name}={value}')}")

    def counters(self):
        """The kernel's MIB counters of this namespace under nstat's names."""
        text = self.exec("cat", "/proc/net/snmp", "/proc/net/netstat").stdout.splitlines()
        out = {}
        for names, values in zip(text[::2], text[1::2]):
            prefix, names = names.split(":", 1)
            out.update((prefix + name, int(value))
                       for name, value in zip(names.split(), values.split(":", 1)[1].split()))
        return out

    def close(self):
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()


def receive_all(sock, limit=1 << 28):
    """Bytes until the other side's end of stream."""
    parts, total = [], 0
    while total < limit:
        part = sock.recv(1 << 20)
        if not part:
            break
        parts.append(part)
        total += len(part)
    return b"".join(parts)


def receive_exactly(sock, length):
    out = b""
    while len(out) < length:
        part = sock.recv(length - len(out))
        assert part, f"the stream ended after {len(out)} of {length} bytes"
        out += part
    return out
