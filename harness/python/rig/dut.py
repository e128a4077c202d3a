# SPDX-License-Identifier: BSD-2-Clause
"""The device under test, the same words for each: phantom on a TAP, and the kernel in a namespace.

Both serve echo, discard, daytime, chargen, sink, source and http, take Linux's sysctls, and count
under Linux's names. Called by the fixture `dut`; another stack is another subclass of Dut.
"""

import contextlib
import errno
import json
import os
import socket

from .host import Node, Process
from .net import DUT_IP, DUT_MAC, WITHIN, eventually, quote
from .session import RigError, find_program

SOURCE_BYTES = 300000
# For dut(sysctl=...): the device's retransmission timeout is no part of the case, and a tester that the
# machine holds up must not meet it.
PATIENT = {"net.ipv4.tcp_rto_min_us": 20_000_000}
SERVICES = ("echo:7", "discard:9", "daytime:13", "chargen:19", "tcp-sink:5001",
            f"tcp-source:5002:{SOURCE_BYTES}", "tcp-source:5003:60000",
            "tcp-http:80")


class Client:
    """A connection that the device under test opened: bytes in, bytes out, how it ended."""

    def send(self, data):
        raise NotImplementedError

    def shutdown(self):
        """No more bytes from us: FIN."""
        raise NotImplementedError

    def received(self):
        """The bytes received so far."""
        raise NotImplementedError

    def failed(self, within=300):
        """Waits for the end; True when the connection could not be made or was aborted."""
        raise NotImplementedError


class Dut:
    """Base: name ("phantom"), ip, mac, device (its name in the topology), node."""

    name = None
    tap = "eth0"
    ready_word = "ready"

    def __init__(self, session):
        self.session = session
        self.ip, self.mac = DUT_IP, DUT_MAC
        self.node = Node(session, "dut", self.ip, self.tap)
        self.device = self.node.device
        self.process = None
        self.may_end = False  # a client ends with its connection
        self.first_counters = {}
        self._dir = session.dir

    def start(self, serve=SERVICES, sysctl=None, args=()):
        raise NotImplementedError

    def counters(self):
        raise NotImplementedError

    def connect(self, ip, port):
        """An active open; a Client at once, connected or not."""
        raise NotImplementedError

    @property
    def started(self):
        return self.process is not None

    @contextlib.contextmanager
    def counting(self, within=WITHIN, **minimum):
        """Counters named must have risen by at least that much at the end of the block.

        A value (least, most) bounds the rise from above too.
        """
        before = self.counters()
        unknown = [name for name in minimum if name not in before]
        assert not unknown, f"{self.name} has no counter {', '.join(unknown)}"
        yield

        def risen():
            now = self.counters()
            for name, want in minimum.items():
                least, most = want if isinstance(want, tuple) else (want, None)
                rise = now[name] - before[name]
                assert rise >= least, f"{name} rose by {rise}, not by {least}"
                assert most is None or rise <= most, f"{name} rose by {rise}, more than {most}"
            return True

        eventually(risen, within, "the counters")

    def _wait_ready(self, process):
        """Until the program says that it listens; its own words when it ended instead."""
        def ready():
            if self.ready_word in process.errors() + process.output():
                return True
            if not os.path.exists(f"/proc/{process.pid}"):
                raise RuntimeError(f"{self.name} ended with status {process.wait(10)} before it "
                                   f"was ready: {process.errors().strip()}")
            return False
        eventually(ready, 120, f"{self.name} being ready")

    def alive(self):
        """Asserts that the program still runs."""
        if self.process is not None and self.process.status is None and not self.may_end:
            assert os.path.exists(f"/proc/{self.process.pid}"), (
                f"{self.name} is gone: status {self.process.wait(10)}\n{self.process.errors()}")

    def check_end(self):
        """Asserts that it ran without a crash to this moment, and that its end is clean."""
        if self.process is not None:
            self.alive()
            self.stop()

    def stop(self):
        """SIGTERM, unless it has ended; asserts that the end was a clean one."""
        if self.process is None:
            return
        if self.process.status is None:
            with contextlib.suppress(RigError):  # it may end before it is told to
                self.process.kill("TERM")
        status = self.process.wait(120)
        errors = self.process.errors()
        assert status in (self.client_ends if self.may_end else self.clean_ends) \
            and "Sanitizer" not in errors, f"{self.name} ended with status {status}\n{errors}"

    clean_ends = (0,)
    client_ends = (0, 1)


class PhantomDut(Dut):
    """phantom on dut.tap0, offloads off, so that a capture shows what a wire would carry."""

    name = "phantom"
    tap = "tap0"

    def start(self, serve=SERVICES, sysctl=None, args=(), address=None):
        argv = [find_program("phantom"), "--tap", "tap0", *(address or ("--addr", f"{self.ip}/24")),
                "--mac", self.mac, "--offload", "off", "--gro", "off", "--control", f"{self._dir}/dut.ctl",
                "--trace", f"{self._dir}/dut-trace.jsonl"]
        for service in serve:
            argv += ["--serve", service]
        for name, value in (sysctl or {}).items():
            argv += ["--sysctl", f"{name}={value}"]
        self.process = self.node.run(*argv, *args, name="dut")
        self._wait_ready(self.process)
        self.first_counters = self.counters()
        return self

    def ask(self, **command):
        """One command over the control socket; the reply's dict."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(WITHIN)
            sock.connect(f"{self._dir}/dut.ctl")
            sock.sendall(json.dumps(command).encode() + b"\n")
            data = b""
            while not data.endswith(b"\n"):
                part = sock.recv(1 << 16)
                assert part, f"the control socket closed after {data!r}"
                data += part
        reply = json.loads(data)
        assert "error" not in reply, f"phantom refused {command}: {reply['error']}"
        return reply

    def counters(self):
        reply = self.ask(cmd="counters")
        return reply.get("counters", reply)

    def sysctl(self, name, value):
        self.ask(cmd="sysctl", name=name, value=str(value))

    def connect(self, ip, port, sysctl=None, args=()):
        """Starts phantom as a client: its standard input is a pipe of ours."""
        assert not self.started, "phantom is a client from its start: mark it dut(start=False)"
        fifo = f"{self._dir}/stdin"
        os.mkfifo(fifo)
        feed = os.open(fifo, os.O_RDWR)
        argv = ["sh", "-c", f'exec "$0" "$@" < {quote(fifo)}', find_program("phantom"),
                "--tap", "tap0", "--addr", f"{self.ip}/24", "--mac", self.mac, "--offload", "off",
                "--gro", "off", "--control", f"{self._dir}/dut.ctl",
                "--trace", f"{self._dir}/dut-trace.jsonl",
                "--connect", f"{ip}:{port}", *args]
        for name, value in (sysctl or {}).items():
            argv += ["--sysctl", f"{name}={value}"]
        self.process = self.node.run(*argv, name="dut")
        self.may_end = True
        return PhantomClient(self, self.process, feed)


class PhantomClient(Client):
    """phantom --connect: standard input to the connection, the connection to standard output."""

    def __init__(self, dut, process: Process, feed):
        self.dut, self.process, self.feed = dut, process, feed
        # The shell opens the pipe for reading; until then our own end holds it open.

    def send(self, data):
        os.write(self.feed, data)

    def shutdown(self):
        eventually(lambda: self._opened(), what="phantom opening its standard input")
        os.close(self.feed)

    def _opened(self):
        try:
            return os.readlink(f"/proc/{self.process.pid}/fd/0").endswith("/stdin")
        except OSError as error:
            return error.errno == errno.ENOENT and not os.path.exists(f"/proc/{self.process.pid}")

    def received(self):
        return self.process.output_bytes()

    def failed(self, within=300):
        return self.process.wait(within) != 0

    def why(self):
        return self.process.errors()


class LinuxDut(Dut):
    """The kernel, with rig's servers on its sockets."""

    name = "linux"
    ready_word = "serving"
    clean_ends = (0, 143)

    def start(self, serve=SERVICES, sysctl=None, args=()):
        for name, value in (sysctl or {}).items():
            self.sysctl(name, value)
        argv = [find_program("rig"), "serve"]
        for service in serve:
            argv += ["--serve", service]
        self.process = self.node.run(*argv, *args, name="dut")
        self._wait_ready(self.process)
        self.first_counters = self.counters()
        return self

    def counters(self):
        return self.node.counters()

    def sysctl(self, name, value):
        try:
            self.node.sysctl(name, value)
        except RigError:
            if name != "net.ipv4.tcp_rto_min_us":
                raise
            # Before Linux 6.11 the route alone has it.
            self.node.exec("ip", "route", "change", "10.0.0.0/24", "dev", self.tap, "proto", "kernel",
                           "scope", "link", "src", self.ip, "rto_min", f"{int(value) // 1000}ms")

    def connect(self, ip, port, sysctl=None, args=()):
        for name, value in (sysctl or {}).items():
            self.sysctl(name, value)
        # SYNs sent again double their interval from the first on, as RFC 6298 5.5 has it.
        if "net.ipv4.tcp_syn_linear_timeouts" not in (sysctl or {}):
            with contextlib.suppress(RigError):  # before Linux 6.5 there is no such sysctl
                self.node.sysctl("net.ipv4.tcp_syn_linear_timeouts", 0)
        sock = self.node.socket("tcp")
        sock.setblocking(False)
        error = sock.connect_ex((ip, port))
        assert error in (0, errno.EINPROGRESS), f"connect: {os.strerror(error)}"
        return LinuxClient(sock)

    def check_end(self):
        super().check_end()
        self.node.close()


class LinuxClient(Client):
    def __init__(self, sock):
        self.sock = sock
        self._got = b""
        self._error = 0

    def send(self, data):
        self.sock.setblocking(True)
        self.sock.sendall(data)
        self.sock.setblocking(False)

    def shutdown(self):
        self.sock.shutdown(socket.SHUT_WR)

    def _read(self):
        """Takes what is there; True at the end of the stream or after an error."""
        while True:
            try:
                part = self.sock.recv(1 << 16)
            except BlockingIOError:
                return False
            except OSError as error:
                self._error = error.errno
                return True
            if not part:
                return True
            self._got += part

    def received(self):
        self._read()
        return self._got

    def failed(self, within=300):
        eventually(self._read, within, "the end of the connection")
        return self._error != 0

    def why(self):
        return os.strerror(self._error) if self._error else ""


KINDS = {cls.name: cls for cls in (PhantomDut, LinuxDut)}
